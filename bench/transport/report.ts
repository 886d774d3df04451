import type { LatencyResult } from './latency/latency.ts'
import { ROW_TITLES } from './rows.ts'
import type { ThroughputResult } from './throughput/throughput.ts'

/** One Markdown table per message size: transports across, connections down. */
export function throughputTables(results: readonly ThroughputResult[]): string {
  const rows = unique(results.map((result) => result.row))
  const tables = unique(results.map((result) => result.messageBytes)).map((messageBytes) => {
    const ofSize = results.filter((result) => result.messageBytes === messageBytes)
    const lines = unique(ofSize.map((result) => result.connections)).map((connections) => [
      String(connections),
      ...rows.map((row) => {
        const cell = ofSize.find((result) => result.row === row && result.connections === connections)
        return cell === undefined ? '–' : throughputCell(cell)
      }),
    ])
    return `${messageBytes} B echo: messages/s, server CPU time per message\n\n${table(
      ['connections', ...rows.map((row) => ROW_TITLES[row])],
      lines,
    )}`
  })
  const marks = '* the generator was the bottleneck; † neither was busy all the time'
  return `${tables.join('\n\n')}\n\n${marks}${disturbanceNote(results)}`
}

/** A Markdown table: loss across, transports down. */
export function latencyTable(results: readonly LatencyResult[]): string {
  const losses = unique(results.map((result) => result.lossPercent))
  const lines = unique(results.map((result) => result.row)).map((row) => [
    ROW_TITLES[row],
    ...losses.map((lossPercent) => {
      const cell = results.find((result) => result.row === row && result.lossPercent === lossPercent)
      return cell === undefined ? '–' : latencyCell(cell)
    }),
  ])
  const header = ['', ...losses.map((loss) => `${loss} %`)]
  const title = 'Echo round trip in ms, p50 / p95 / p99 / p99.9, by loss each way'
  return `${title}\n\n${table(header, lines)}${disturbanceNote(results)}`
}

function throughputCell(result: ThroughputResult): string {
  const mark = { server: '', generator: ' *', window: ' †' }[result.bottleneck]
  const lost = result.lost > 0 ? `, ${result.lost} lost` : ''
  const disturbed = result.isDisturbed ? ' ‡' : ''
  const rate = Math.round(result.messagesPerSecond).toLocaleString('en-US')
  return `${rate}, ${result.serverCpuUsPerMessage.toFixed(1)} µs${lost}${mark}${disturbed}`
}

function latencyCell({ roundTripMs, sent, received, isReliable, isDisturbed }: LatencyResult): string {
  const { p50, p95, p99, p999 } = roundTripMs
  const figures = [p50, p95, p99, p999].map((ms) => ms.toFixed(0)).join(' / ') + (isDisturbed ? ' ‡' : '')
  if (received === sent) return figures
  const missing = sent - received
  return isReliable
    ? `${figures} **${missing} missing**`
    : `${figures} (${((missing / sent) * 100).toFixed(1)} % lost)`
}

function disturbanceNote(results: readonly { readonly isDisturbed: boolean }[]): string {
  const isDisturbed = results.some((result) => result.isDisturbed)
  return isDisturbed ? '\n\n‡ something else had the processor meanwhile: measure again' : ''
}

function table(header: readonly string[], lines: readonly (readonly string[])[]): string {
  const rule = header.map((_, index) => (index === 0 ? '---' : '---:'))
  return [header, rule, ...lines].map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

function unique<Value>(values: readonly Value[]): Value[] {
  return [...new Set(values)]
}
