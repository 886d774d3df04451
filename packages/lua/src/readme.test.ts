import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { LuaRuntime } from './index.ts'
import { play } from './testing/readme-example.ts'
import { answer } from './testing/readme-task-example.ts'
import { createFixture } from './testing/vm-fixture.ts'

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

test('so is the one of a task', async () => {
  const [readme, example] = await Promise.all([
    read('../README.md'),
    read('./testing/readme-task-example.ts'),
  ])
  expect(readme).toContain(example.replace("'../index.ts'", "'@kaosnet/lua'"))
  const { clock, runtime, vm } = await createFixture()
  clock.stepMs = 1
  const sum = vm.load('local s, up_to = 0, ... for i = 1, up_to do s = s + i end return s', 'sum.lua')
  let turns = 0
  const nextTurn = async () => {
    turns++
  }
  expect(await answer(vm, sum, 10_000, nextTurn)).toBe(50_005_000)
  expect(turns).toBeGreaterThan(10)
  runtime.close()
})
