import { fileURLToPath } from 'node:url'

/** This file runs as `bench/dist/suite/scripts.js`; the server reads scripts as they were written. */
const SCRIPTS = new URL('../../suite/scripts/', import.meta.url)

/** `scripts` of the configuration of every server under test. */
export const SUITE_SCRIPTS = {
  dir: fileURLToPath(new URL('lua', SCRIPTS)),
  modulesDir: fileURLToPath(new URL('modules', SCRIPTS)),
}
