/**
 * What the peer consists of, to the exact version; what these need beside is npm's choice. Express is there because the
 * transport imports it, whether it is used or not.
 */
export const COLYSEUS_PACKAGES = {
  '@colyseus/core': '0.18.17',
  '@colyseus/schema': '5.0.34',
  '@colyseus/ws-transport': '0.18.4',
  express: '5.3.0',
  msgpackr: '2.1.4',
  ws: '8.23.0',
} as const

/** The newest that is in long-term support, and that Colyseus allows (22 and up). */
export const NODE_VERSION = '24.21.0'

/**
 * The package that holds the program itself, which the package `node` would fetch by an install script; this way no
 * script has to run. Undefined where there is none.
 */
export function nodePackage(platform: string, arch: string): string | undefined {
  return platform === 'linux' && (arch === 'x64' || arch === 'arm64') ? `node-linux-${arch}` : undefined
}

/** The text of the `package.json` from which npm installs all that. */
export function peerManifest(nodePackageName: string): string {
  const manifest = {
    name: 'arena-on-colyseus',
    private: true,
    type: 'module',
    dependencies: { ...COLYSEUS_PACKAGES, [nodePackageName]: NODE_VERSION },
  }
  return `${JSON.stringify(manifest, null, 2)}\n`
}
