import { describe, expect, it } from 'vitest'
import { npmFailure } from './npm-failure.ts'

describe('npmFailure', () => {
  it('says that there is no network', () => {
    const stderr =
      'npm warn something\nnpm error code ENOTFOUND\nnpm error errno ENOTFOUND\nnpm error network request failed'
    expect(npmFailure(stderr)).toBe('the npm registry cannot be reached (ENOTFOUND)')
  })

  it('says what else npm complains of', () => {
    const stderr = 'npm error code ETARGET\nnpm error notarget No matching version found for ws@99.0.0.\n'
    expect(npmFailure(stderr)).toBe(
      'npm could not install it: ETARGET: notarget No matching version found for ws@99.0.0.',
    )
  })

  it('says the least when npm says nothing', () => {
    expect(npmFailure('')).toBe('npm could not install it')
  })
})
