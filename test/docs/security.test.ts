import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { encodeClientFrame, encodeLaneCounts, ErrorTable } from '@kaosnet/protocol'
import { describeConfig } from '@kaosnet/server'
import { SignJWT } from 'jose'
import { describe, expect, it, onTestFinished } from 'vitest'
import { RawClient } from '../support/raw-client.ts'
import { startTestServer } from '../support/test-server.ts'
import { localLinks, pathOf, readPage } from './page.ts'
import { tableRows } from './table.ts'

const PAGE = 'docs/security.md'
const page = readPage(PAGE)

describe('docs/security.md', () => {
  it('names fields of the configuration that exist', () => {
    const fields = new Set(describeConfig().map(({ path }) => path))
    const sections = new Set([...fields].map((path) => path.split('.')[0] ?? ''))
    const named = [...page.matchAll(/`([a-z]+)\.([a-zA-Z0-9]+)`/g)]
      .filter(([, section = '']) => sections.has(section))
      .map(([path]) => path.slice(1, -1))
    expect(named.length).toBeGreaterThan(50)
    expect(named.filter((path) => !fields.has(path))).toEqual([])
  })

  it('names every bound of the configuration', () => {
    const bounds = describeConfig()
      .map(({ path }) => path)
      .filter((path) => path.startsWith('limits.'))
    expect(bounds.filter((path) => !page.includes(`\`${path}\``))).toEqual([])
  })

  it('names metrics and errors that exist', async () => {
    const exposition = await (await startTestServer({})).metrics()
    const metrics = new Set([...exposition.matchAll(/^# TYPE (\S+)/gm)].map(([, name]) => name))
    const watched = page.match(/kaosnet_[a-z_]+/g) ?? []
    expect(watched.length).toBeGreaterThan(5)
    expect(watched.filter((name) => !metrics.has(name))).toEqual([])

    const errors = [...page.matchAll(/`([A-Z]+_[A-Z_]+)`/g)].map(([, name = '']) => name)
    expect(errors.length).toBeGreaterThan(0)
    expect(errors.filter((name) => !(name in ErrorTable))).toEqual([])
  })

  it('shows every protection by a test that exists, or by a page where there is no protection', () => {
    const rows = tableRows(page, 'threats')
    expect(rows.length).toBeGreaterThan(20)
    for (const [threat = '', protection = '', shownBy = '', remains = ''] of rows) {
      const links = localLinks(shownBy).map((link) => join(dirname(PAGE), link.split('#')[0] ?? ''))
      expect(links.length, threat).toBeGreaterThan(0)
      expect(
        links.filter((link) => !existsSync(pathOf(link))),
        threat,
      ).toEqual([])
      if (!protection.startsWith('none')) {
        expect(
          links.filter((link) => !link.endsWith('.test.ts')),
          threat,
        ).toEqual([])
      }
      expect(remains, threat).not.toBe('')
    }
  })
})

describe('what the page says of secrets', () => {
  it('holds: tokens and keys are not in the log, however much of it is written', async () => {
    const hs256Secret = 'a signing secret that nobody may read'
    const adminToken = 'an admin token that nobody may read either'
    const server = await startTestServer(
      {},
      { auth: { anonymous: false, hs256Secret }, admin: { token: adminToken } },
    )
    const token = await new SignJWT({})
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('user-42')
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode(hs256Secret))
    const forged = `${token.slice(0, -8)}AAAAAAAA`

    const answer = await fetch(`${server.url}/v1/connect`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token }),
    })
    const { udp } = (await answer.json()) as { udp: { connect_token: string } }
    await fetch(`${server.url}/v1/admin/reload`, {
      method: 'POST',
      headers: { authorization: `Bearer ${adminToken}` },
    })

    const first = await connect(server.port)
    first.send(encodeClientFrame('SessionStart', { id: 1, versions: [1], token: forged }))
    await first.control('Error')
    first.send(encodeClientFrame('SessionStart', { id: 2, versions: [1], token }))
    const started = await first.control('SessionStart')
    const resume = {
      token: started.resume_token ?? '',
      attempt: 1,
      received: encodeLaneCounts(new Map([[0, 0]])),
    }
    const second = await connect(server.port)
    second.send(encodeClientFrame('SessionStart', { id: 1, versions: [1], resume }))
    const resumed = await second.control('SessionStart')
    await server.server.stop({ graceSeconds: 0 })

    const log = JSON.stringify(server.logs)
    for (const line of ['session started', 'session resumed', 'session ended']) expect(log).toContain(line)
    const secrets = {
      hs256Secret,
      adminToken,
      token,
      forged,
      connectToken: udp.connect_token,
      resumeToken: started.resume_token,
      nextResumeToken: resumed.resume_token,
    }
    for (const [name, secret] of Object.entries(secrets)) {
      expect(secret?.length, name).toBeGreaterThan(30)
      expect(log.includes(secret ?? ''), name).toBe(false)
    }
  })
})

describe('the lock file', () => {
  const { packages } = JSON.parse(readPage('package-lock.json')) as {
    packages: Record<string, LockedPackage>
  }
  const installed = Object.entries(packages).filter(
    ([path, { link }]) => path.includes('node_modules/') && link !== true,
  )

  it('has a checksum and no download address for every package', () => {
    expect(installed.length).toBeGreaterThan(100)
    const bad = installed.filter(
      ([, { integrity, resolved }]) => integrity?.startsWith('sha512-') !== true || resolved !== undefined,
    )
    expect(bad.map(([path]) => path)).toEqual([])
  })

  it('lets no package run a program when it is installed but those that the page names', () => {
    const running = installed.filter(([, { hasInstallScript }]) => hasInstallScript === true)
    const names = running.map(([path]) => path.slice(path.lastIndexOf('node_modules/') + 13))
    expect(names.filter((name) => !page.includes(`\`${name}\``))).toEqual([])
  })
})

interface LockedPackage {
  readonly link?: boolean
  readonly integrity?: string
  readonly resolved?: string
  readonly hasInstallScript?: boolean
}

async function connect(port: number): Promise<RawClient> {
  const client = await RawClient.connect(port)
  onTestFinished(() => client.close())
  return client
}
