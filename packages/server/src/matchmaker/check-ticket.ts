import { KaosError, utf8Bytes } from '@kaosnet/protocol'
import { canReach } from './match-size.ts'
import { TicketLimits, type TicketSpec } from './ticket.ts'

/**
 * Everything but the queries, which are read by whoever wants to run them.
 * @throws {KaosError} INVALID_PAYLOAD that names the field and what it has to be
 */
export function checkTicket(ticket: TicketSpec): void {
  checkSizes(ticket)
  checkProperties(ticket)
  checkStages(ticket)
}

function checkSizes({ min, max, multiple, size }: TicketSpec): void {
  const { players } = TicketLimits
  requireWhole('min', min, 1, players)
  requireWhole('max', max, 1, players)
  requireWhole('multiple', multiple, 1, players)
  requireWhole('size', size, 1, players)
  if (max < min) fail(`max: expected at least min, which is ${min}, got ${max}`)
  if (!canReach({ min, max, multiple }, 1)) {
    fail(`multiple: expected a number with a multiple from ${min} to ${max}, got ${multiple}`)
  }
  if (!canReach({ min, max, multiple }, size)) {
    const most = max - (max % multiple)
    fail(`size: expected at most ${most}, the largest match from ${min} to ${max}, got ${size}`)
  }
}

function checkProperties({ properties }: TicketSpec): void {
  const entries = Object.entries(properties)
  if (entries.length > TicketLimits.properties) {
    fail(`properties: expected at most ${TicketLimits.properties}, got ${entries.length}`)
  }
  let bytes = 0
  for (const [name, value] of entries) {
    bytes += utf8Bytes(name)
    if (typeof value === 'string') bytes += utf8Bytes(value)
    else if (!Number.isFinite(value)) {
      fail(`properties.${name}: expected a string or a finite number, got ${String(value)}`)
    }
  }
  if (bytes > TicketLimits.propertyBytes) {
    fail(
      `properties: expected at most ${TicketLimits.propertyBytes} bytes of names and strings, got ${bytes}`,
    )
  }
}

function checkStages({ stages }: TicketSpec): void {
  if (stages.length === 0 || stages.length > TicketLimits.stages) {
    fail(`stages: expected 1 to ${TicketLimits.stages}, got ${stages.length}`)
  }
  let beforeMs = -1
  for (const [position, { afterMs }] of stages.entries()) {
    if (position === 0 && afterMs !== 0) fail(`stages[0].afterMs: expected 0, got ${afterMs}`)
    if (!Number.isFinite(afterMs) || afterMs <= beforeMs) {
      // As the client has written it: the first stage is its `query`, the others those of `widen`.
      fail(`widen[${position - 1}].after_ms: expected more than ${beforeMs}, got ${afterMs}`)
    }
    beforeMs = afterMs
  }
}

function requireWhole(field: string, value: number, from: number, to: number): void {
  if (!Number.isInteger(value) || value < from || value > to) {
    fail(`${field}: expected a whole number from ${from} to ${to}, got ${value}`)
  }
}

function fail(message: string): never {
  throw new KaosError('INVALID_PAYLOAD', message)
}
