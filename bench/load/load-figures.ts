import { Histogram, type HistogramRecord } from './histogram.ts'

/** Busier than this, a thread cannot be trusted to do what is due. */
export const SATURATED_SHARE = 0.9
/** Inputs that are later than this, in the worst of a hundred cases, are those of an overloaded generator. */
export const LATE_MS = 10

/** What one process of the generator did and saw in a window of time. */
export interface LoadFigures {
  readonly windowMs: number
  readonly bots: number
  readonly sent: number
  readonly due: number
  readonly received: number
  readonly receiveDue: number
  readonly gaps: number
  readonly latency: HistogramRecord
  readonly interval: HistogramRecord
  /** How long after it was due an input was sent. */
  readonly sendLateness: HistogramRecord
  /** Round trips of heartbeats. */
  readonly heartbeat: HistogramRecord
  /** Share of one core: of CPU time, or of time in which the event loop did not wait, whichever is more. */
  readonly busyShare: number
  /** User and system time of the process. */
  readonly cpuUs: number
  /** Datagrams that were lost in this process: it did not read them in time, or the system would not send them. */
  readonly lostDatagrams: number
  /** Why bots over kaos-rudp had a socket each, which keeps the generator busy; absent when they shared one. */
  readonly ownSocketsReason?: string
  /** Bots that have lost their connection since they came in. */
  readonly lost: number
  /** Inputs and other things that the server has refused since then. */
  readonly refused: number
  /** An example of either. */
  readonly firstTrouble?: string
}

/** What all processes of the generator did and saw together. */
export interface LoadSummary {
  readonly bots: number
  readonly sentPerSecond: number
  /** Sent, of those due. */
  readonly sentShare: number
  readonly receivedPerSecond: number
  /** Received, of those that should have been sent to the bots. */
  readonly deliveredShare: number
  /** By sequence numbers. */
  readonly gaps: number
  readonly latency: Histogram
  readonly interval: Histogram
  readonly sendLateness: Histogram
  readonly heartbeat: Histogram
  /** Of the busiest process. */
  readonly busyShare: number
  /** User and system time for each input that was sent and each message that was received. */
  readonly cpuUsPerMessage: number
  /** Datagrams that were lost in the generator. */
  readonly lostDatagrams: number
  readonly ownSocketsReason: string | undefined
  /** The generator was the bottleneck: what it saw says nothing about the server. */
  readonly isSaturated: boolean
  readonly lost: number
  readonly refused: number
  readonly firstTrouble: string | undefined
}

export function summarize(figures: readonly LoadFigures[]): LoadSummary {
  const sum = (read: (part: LoadFigures) => number): number =>
    figures.reduce((total, part) => total + read(part), 0)
  const merge = (read: (part: LoadFigures) => HistogramRecord): Histogram => Histogram.from(figures.map(read))
  const seconds = Math.max(...figures.map(({ windowMs }) => windowMs)) / 1000
  const sendLateness = merge((part) => part.sendLateness)
  const busyShare = Math.max(...figures.map((part) => part.busyShare))
  const lostDatagrams = sum((part) => part.lostDatagrams)
  const isLate = sendLateness.count > 0 && sendLateness.percentile(0.99) > LATE_MS
  return {
    bots: sum(({ bots }) => bots),
    sentPerSecond: sum(({ sent }) => sent) / seconds,
    sentShare: share(
      sum(({ sent }) => sent),
      sum(({ due }) => due),
    ),
    receivedPerSecond: sum(({ received }) => received) / seconds,
    deliveredShare: share(
      sum(({ received }) => received),
      sum(({ receiveDue }) => receiveDue),
    ),
    gaps: sum(({ gaps }) => gaps),
    latency: merge(({ latency }) => latency),
    interval: merge(({ interval }) => interval),
    sendLateness,
    heartbeat: merge(({ heartbeat }) => heartbeat),
    busyShare,
    cpuUsPerMessage: sum(({ cpuUs }) => cpuUs) / sum(({ sent, received }) => sent + received),
    lostDatagrams,
    ownSocketsReason: figures.find(({ ownSocketsReason }) => ownSocketsReason !== undefined)
      ?.ownSocketsReason,
    isSaturated: busyShare > SATURATED_SHARE || isLate || lostDatagrams > 0,
    lost: sum(({ lost }) => lost),
    refused: sum(({ refused }) => refused),
    firstTrouble: figures.find(({ firstTrouble }) => firstTrouble !== undefined)?.firstTrouble,
  }
}

function share(part: number, whole: number): number {
  return whole === 0 ? 1 : part / whole
}
