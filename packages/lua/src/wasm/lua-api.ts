/** The address of a `lua_State` in the WebAssembly memory: a VM's main thread or a coroutine. */
export type LuaThread = number

/** An address in the WebAssembly memory. */
export type Pointer = number

export const LUA_REGISTRY = -1_001_000
/** Where the registry keeps the table of globals. */
export const LUA_GLOBALS = 2n
export const LUA_MASKCOUNT = 8

/** `lua_pcallk` and friends answer with one of these. */
export const LuaStatus = { ok: 0, yield: 1, runtime: 2, syntax: 3, memory: 4, handler: 5 } as const

export const LuaType = {
  none: -1,
  nil: 0,
  boolean: 1,
  lightUserdata: 2,
  number: 3,
  string: 4,
  table: 5,
  function: 6,
  userdata: 7,
  thread: 8,
} as const

/** The pseudo-index of a C function's upvalue (`lua_upvalueindex`). */
export function upvalueIndex(index: number): number {
  return LUA_REGISTRY - index
}

/**
 * The exports of wasmoon's `glue.wasm` that this package uses: the C API of Lua 5.4 with 32-bit pointers,
 * 64-bit integers as `bigint` (https://www.lua.org/manual/5.4/manual.html#4), and Emscripten's stack.
 */
export interface LuaApi {
  readonly memory: WebAssembly.Memory
  readonly __indirect_function_table: WebAssembly.Table

  malloc(sizeBytes: number): Pointer
  realloc(block: Pointer, sizeBytes: number): Pointer
  free(block: Pointer): void
  emscripten_stack_init(): void
  stackAlloc(sizeBytes: number): Pointer
  stackSave(): Pointer
  stackRestore(stack: Pointer): void
  setThrew(threw: number, value: number): void
  __wasm_call_ctors(): void

  lua_newstate(allocator: Pointer, userData: Pointer): LuaThread
  lua_close(L: LuaThread): void
  lua_atpanic(L: LuaThread, panic: Pointer): Pointer
  lua_sethook(L: LuaThread, hook: Pointer, mask: number, count: number): void

  lua_gettop(L: LuaThread): number
  lua_settop(L: LuaThread, index: number): void
  lua_checkstack(L: LuaThread, slots: number): number
  lua_pushvalue(L: LuaThread, index: number): void
  lua_copy(L: LuaThread, from: number, to: number): void
  lua_rotate(L: LuaThread, index: number, count: number): void

  lua_type(L: LuaThread, index: number): number
  lua_rawequal(L: LuaThread, first: number, second: number): number
  lua_isnumber(L: LuaThread, index: number): number
  lua_isinteger(L: LuaThread, index: number): number
  lua_toboolean(L: LuaThread, index: number): number
  lua_tonumberx(L: LuaThread, index: number, isNumber: Pointer): number
  lua_tointegerx(L: LuaThread, index: number, isInteger: Pointer): bigint
  lua_tolstring(L: LuaThread, index: number, length: Pointer): Pointer
  lua_touserdata(L: LuaThread, index: number): Pointer
  lua_tothread(L: LuaThread, index: number): LuaThread
  lua_tocfunction(L: LuaThread, index: number): Pointer
  lua_rawlen(L: LuaThread, index: number): bigint
  lua_typename(L: LuaThread, type: number): Pointer
  lua_topointer(L: LuaThread, index: number): Pointer

  lua_pushnil(L: LuaThread): void
  lua_pushboolean(L: LuaThread, value: number): void
  lua_pushnumber(L: LuaThread, value: number): void
  lua_pushinteger(L: LuaThread, value: bigint): void
  lua_pushlstring(L: LuaThread, bytes: Pointer, length: number): Pointer
  lua_pushstring(L: LuaThread, text: Pointer): Pointer
  lua_pushlightuserdata(L: LuaThread, pointer: Pointer): void
  lua_pushcclosure(L: LuaThread, fn: Pointer, upvalues: number): void

  lua_createtable(L: LuaThread, arraySlots: number, recordSlots: number): void
  lua_getglobal(L: LuaThread, name: Pointer): number
  lua_gettable(L: LuaThread, index: number): number
  lua_geti(L: LuaThread, index: number, key: bigint): number
  lua_seti(L: LuaThread, index: number, key: bigint): void
  lua_getfield(L: LuaThread, index: number, key: Pointer): number
  lua_setfield(L: LuaThread, index: number, key: Pointer): void
  lua_rawget(L: LuaThread, index: number): number
  lua_rawset(L: LuaThread, index: number): void
  lua_rawgeti(L: LuaThread, index: number, key: bigint): number
  lua_rawseti(L: LuaThread, index: number, key: bigint): void
  lua_rawgetp(L: LuaThread, index: number, key: Pointer): number
  lua_rawsetp(L: LuaThread, index: number, key: Pointer): void
  lua_next(L: LuaThread, index: number): number
  lua_getmetatable(L: LuaThread, index: number): number
  lua_setmetatable(L: LuaThread, index: number): number
  lua_getupvalue(L: LuaThread, index: number, upvalue: number): Pointer

  lua_callk(L: LuaThread, args: number, results: number, context: number, continuation: Pointer): void
  lua_pcallk(
    L: LuaThread,
    args: number,
    results: number,
    handler: number,
    context: number,
    continuation: Pointer,
  ): number
  lua_error(L: LuaThread): never

  lua_newthread(L: LuaThread): LuaThread
  lua_pushthread(L: LuaThread): number
  lua_xmove(from: LuaThread, to: LuaThread, count: number): void
  lua_resume(L: LuaThread, from: LuaThread, args: number, resultCount: Pointer): number
  lua_yieldk(L: LuaThread, results: number, context: number, continuation: Pointer): number
  lua_isyieldable(L: LuaThread): number
  lua_status(L: LuaThread): number

  lua_getstack(L: LuaThread, level: number, debug: Pointer): number
  lua_getinfo(L: LuaThread, fields: Pointer, debug: Pointer): number

  luaL_loadbufferx(L: LuaThread, bytes: Pointer, length: number, name: Pointer, mode: Pointer): number
  luaL_buffinit(L: LuaThread, buffer: Pointer): void
  luaL_addlstring(buffer: Pointer, bytes: Pointer, length: number): void
  luaL_addvalue(buffer: Pointer): void
  luaL_pushresult(buffer: Pointer): void
  luaL_ref(L: LuaThread, table: number): number
  luaL_unref(L: LuaThread, table: number, ref: number): void
  luaL_requiref(L: LuaThread, name: Pointer, open: Pointer, global: number): void
  luaL_getsubtable(L: LuaThread, index: number, name: Pointer): number
  luaL_getmetafield(L: LuaThread, index: number, name: Pointer): number
  luaL_tolstring(L: LuaThread, index: number, length: Pointer): Pointer

  luaopen_base(L: LuaThread): number
  luaopen_coroutine(L: LuaThread): number
  luaopen_table(L: LuaThread): number
  luaopen_string(L: LuaThread): number
  luaopen_math(L: LuaThread): number
  luaopen_utf8(L: LuaThread): number
  luaopen_os(L: LuaThread): number
}
