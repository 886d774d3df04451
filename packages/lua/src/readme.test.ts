import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { LuaRuntime } from './index.ts'
import { play } from './testing/readme-example.ts'

const read = (path: string) => readFile(new URL(path, import.meta.url), 'utf8')

test('the example in the README is one that runs', async () => {
  const [readme, example] = await Promise.all([read('../README.md'), read('./testing/readme-example.ts')])
  expect(readme).toContain(example.replace("'../index.ts'", "'@kaosnet/lua'"))
  const runtime = await LuaRuntime.load()
  const lines: string[] = []
  play(runtime, (line) => lines.push(line))
  expect(lines).toEqual(['Ada makes it 3', '{"score":3}'])
  runtime.close()
})
