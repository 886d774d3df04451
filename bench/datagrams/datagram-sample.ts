/** What a process of this benchmark had done and used by one moment. The C programs write it as a line of JSON. */
export interface DatagramSample {
  readonly atMs: number
  /** User and system time of all its threads. */
  readonly cpuUs: number
  readonly datagrams: number
  /** Datagrams that did not come back; the generator's. */
  readonly lost: number
}
