import { errorName, KaosError } from '@kaosnet/protocol'
import { connectRudp, RudpError } from '@kaosnet/rudp'
import { connectFailed } from './errors.ts'
import { RudpClientTransport } from './rudp-transport.ts'
import type { ClientTransport, DialRequest, TransportDialer } from './transport.ts'

/** The server does not listen on UDP: no failure, just another way to go. */
export class UdpNotOffered extends Error {
  override readonly name = 'UdpNotOffered'
}

/** What of the answer of `POST /v1/connect` is used (`docs/protocol.md#connect`). */
interface ConnectAnswer {
  readonly udp?: { readonly connect_token?: unknown }
}

/**
 * A dialer for kaos-rudp: asks the server over HTTP for addresses and a connect token, then connects. Rejects with
 * {@link UdpNotOffered}, with what the server refused, or with SESSION_START_TIMEOUT when nothing answers on UDP.
 *
 * @param timeoutMs For the UDP handshake.
 */
export function rudpDialer(timeoutMs: number): TransportDialer {
  return async (request: DialRequest): Promise<ClientTransport> => {
    const { clock, handlers, signal } = request
    const token = await requestConnectToken(request)
    try {
      const rudp = await connectRudp({ token, timeoutMs, signal, wallClock: () => clock.nowMs() })
      return new RudpClientTransport(rudp, handlers, clock)
    } catch (error) {
      signal.throwIfAborted()
      if (!(error instanceof RudpError)) throw error
      const text = `cannot reach the server over UDP: ${error.message}`
      const refused = refusalOf(error)
      throw refused === undefined
        ? connectFailed(text, error)
        : new KaosError(refused, text, { cause: error })
    }
  }
}

/** What the server would have said of it inside a session. */
function refusalOf({ denyReason }: RudpError): 'SERVER_FULL' | 'SHUTTING_DOWN' | undefined {
  if (denyReason === 'shuttingDown') return 'SHUTTING_DOWN'
  return denyReason === 'serverFull' || denyReason === 'tooManyConnections' ? 'SERVER_FULL' : undefined
}

async function requestConnectToken({ signal, token, url }: DialRequest): Promise<string> {
  const target = new URL('/v1/connect', url)
  let response: Response
  let body: unknown
  try {
    response = await fetch(target, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(token === undefined ? {} : { token }),
      signal,
    })
    body = await response.json().catch(() => undefined)
  } catch (error) {
    signal.throwIfAborted()
    throw connectFailed(`cannot reach ${target.origin}`, error)
  }
  if (!response.ok) throw refusal(response.status, body)
  const connectToken = (body as ConnectAnswer | undefined)?.udp?.connect_token
  if (typeof connectToken !== 'string') throw new UdpNotOffered('the server does not offer UDP')
  return connectToken
}

function refusal(status: number, body: unknown): Error {
  const { error } = (body ?? {}) as { error?: { code?: unknown; message?: unknown } }
  const name = typeof error?.code === 'number' ? errorName(error.code) : undefined
  if (name === undefined) return new UdpNotOffered(`POST /v1/connect answered ${status}`)
  return new KaosError(name, typeof error?.message === 'string' ? error.message : undefined)
}
