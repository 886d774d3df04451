/** Reads the fields of a decoded message; a missing field or a wrong type is an error that names it. */
export class Fields {
  readonly #values: Readonly<Record<string, unknown>>
  readonly #what: string

  /** @throws {TypeError} when the value is no object */
  constructor(value: unknown, what: string) {
    if (typeof value !== 'object' || value === null || Array.isArray(value)) {
      throw new TypeError(`${what}: an object is expected`)
    }
    this.#values = value as Readonly<Record<string, unknown>>
    this.#what = what
  }

  number(name: string): number {
    const value = this.#values[name]
    if (typeof value !== 'number' || !Number.isFinite(value)) throw this.#mismatch(name, 'a finite number')
    return value
  }

  optionalNumber(name: string): number | undefined {
    return this.#values[name] === undefined ? undefined : this.number(name)
  }

  string(name: string): string {
    const value = this.#values[name]
    if (typeof value !== 'string') throw this.#mismatch(name, 'a string')
    return value
  }

  object(name: string): Fields {
    return new Fields(this.#values[name], `${this.#what}.${name}`)
  }

  /** An array of objects, each read by `read`. */
  list<T>(name: string, read: (entry: Fields) => T): T[] {
    const value = this.#values[name]
    if (!Array.isArray(value)) throw this.#mismatch(name, 'an array')
    return value.map((entry, index) => read(new Fields(entry, `${this.#what}.${name}[${index}]`)))
  }

  #mismatch(name: string, expected: string): TypeError {
    return new TypeError(`${this.#what}.${name}: ${expected} is expected`)
  }
}
