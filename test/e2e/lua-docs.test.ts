import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, it } from 'vitest'
import { connectPlayer } from '../support/players.ts'
import { matchModule, startTestServer } from '../support/test-server.ts'

const read = (path: string) => readFileSync(fileURLToPath(new URL(`../../${path}`, import.meta.url)), 'utf8')
const page = read('docs/lua.md')

interface Example {
  /** How it runs: in an RPC (`''`), as the entry script, as a match module, or inside a room's `match_init`. */
  readonly kind: string
  readonly code: string
  readonly heading: string
}

function examples(): Example[] {
  const found: Example[] = []
  let heading = ''
  for (const part of page.split(/^(?=#{2,3} )/m)) {
    heading = part.match(/^#+ (.*)$/m)?.[1] ?? heading
    for (const [, kind = '', code = ''] of part.matchAll(/^```lua ?(\w*)\n(.*?)^```$/gms)) {
      found.push({ kind, code, heading })
    }
  }
  return found
}

const all = examples()
const duel = all.find(({ kind }) => kind === 'match')?.code as string

describe('every example of docs/lua.md runs', () => {
  it.each(all.map((example) => [example.heading, example] as const))(
    '%s',
    async (_heading, { kind, code }) => {
      const scripts: Record<string, string> = { 'duel.lua': duel }
      if (kind === 'main') scripts['main.lua'] = code
      else if (kind === 'room') {
        scripts['room.lua'] = matchModule({
          match_init: `function(ctx, params)\n${code}\nreturn { state = {} } end`,
        })
      } else {
        scripts['main.lua'] = `
        kaos.register_rpc('open', function() return kaos.room_create('duel') end)
        kaos.register_rpc('example', function(ctx, room_id)\n${code}\nend)`
      }
      const server = await startTestServer(scripts)
      const ada = await connectPlayer(server)
      if (kind === 'main') return
      if (kind === 'room') await ada.createRoom('room')
      else {
        const roomId = kind === 'match' ? await ada.createRoom('duel') : await ada.rpc<string>('open')
        await expect.poll(() => ada.listRooms()).toHaveLength(1)
        if (kind === '') await ada.rpc('example', roomId)
        else expect((await ada.joinRoom(roomId)).label).toBe('duel')
      }
      expect(server.logs.filter(({ level, msg }) => level >= 50 && msg !== 'this should not happen')).toEqual(
        [],
      )
    },
  )
})

describe('the API is whole', () => {
  it('docs/lua.md and kaos.d.lua name every function that scripts have, and no other', async () => {
    const server = await startTestServer({
      'main.lua': `kaos.register_rpc('names', function()
        local names = kaos.array({})
        for name, value in pairs(kaos) do if type(value) == 'function' then names[#names + 1] = name end end
        table.sort(names)
        return names
      end)`,
    })
    const names = await (await connectPlayer(server)).rpc<string[]>('names')
    const headings = [...page.matchAll(/^### (.*)$/gm)].flatMap(([, text = '']) =>
      [...text.matchAll(/kaos\.(\w+)\(/g)].map(([, name]) => name as string),
    )
    const declared = [...read('packages/server/lua/kaos.d.lua').matchAll(/^function kaos\.(\w+)\(/gm)].map(
      ([, name]) => name as string,
    )
    expect(headings.sort()).toEqual(names)
    expect(declared.sort()).toEqual(names)
  })
})
