import type { LanguageName } from './engine-bench.ts'
import type { ArenaLanguage } from './language.ts'
import { openLua } from './lua-language.ts'
import { typescript } from './typescript-language.ts'

/** For `describe.each`: every language that the arena is written in. */
export const languages: readonly { readonly name: LanguageName; open(): Promise<ArenaLanguage> }[] = [
  { name: 'Lua', open: openLua },
  { name: 'TypeScript', open: () => Promise.resolve(typescript) },
]
