const VALUE_TYPES = { i: 0x7f, j: 0x7e, d: 0x7c } as const

/** A signature: the result (`v` for none), then the parameters; `i` is i32, `j` i64 and `d` f64. */
export type WasmSignature = `${'v' | 'i'}${string}`

/**
 * Turns a JavaScript function into one that a WebAssembly table can hold. A table takes only functions that
 * come out of a module, so this makes the smallest module that imports the function and exports it again
 * (binary format: https://webassembly.github.io/spec/core/binary/modules.html).
 */
export function toWasmFunction(signature: WasmSignature, fn: (...args: never[]) => unknown): unknown {
  const [result, ...parameters] = [...signature].map((letter) =>
    letter === 'v' ? undefined : VALUE_TYPES[letter as keyof typeof VALUE_TYPES],
  )
  const results = result === undefined ? [] : [result]
  const type = [0x60, parameters.length, ...(parameters as number[]), results.length, ...results]
  const module = new WebAssembly.Module(
    new Uint8Array([
      ...[0x00, 0x61, 0x73, 0x6d, 0x01, 0x00, 0x00, 0x00],
      ...[0x01, type.length + 1, 0x01, ...type],
      ...[0x02, 0x07, 0x01, 0x01, 0x65, 0x01, 0x66, 0x00, 0x00], // import "e" "f" (func (type 0))
      ...[0x07, 0x05, 0x01, 0x01, 0x66, 0x00, 0x00], // export "f" (func 0)
    ]),
  )
  return new WebAssembly.Instance(module, { e: { f: fn } }).exports.f
}
