import { Counter, Gauge, type Registry } from 'prom-client'
import { type HostReport, type ModuleReport, TICK_BUCKETS_SECONDS } from '../host/host-report.ts'
import { registerHistogram } from './reported-histogram.ts'
import { ROUTING_BUCKETS_SECONDS } from './routing-times.ts'

/** Turns what room hosts report into metrics, when somebody asks for them. */
export function registerHostMetrics(registry: Registry, reports: () => readonly HostReport[]): void {
  const registers = [registry]
  const ofModules = (set: (labels: { module: string; host: number }, report: ModuleReport) => void): void => {
    for (const { host, modules } of reports()) {
      for (const report of modules) set({ module: report.module, host }, report)
    }
  }
  const moduleFigure = (
    kind: typeof Counter | typeof Gauge,
    name: string,
    help: string,
    read: (report: ModuleReport) => number,
  ): void => {
    new kind({
      name,
      help,
      labelNames: ['module', 'host'],
      registers,
      collect() {
        this.reset()
        ofModules((labels, report) => this.inc(labels, read(report)))
      },
    })
  }
  const hostFigure = (
    kind: typeof Counter | typeof Gauge,
    name: string,
    help: string,
    read: (report: HostReport) => number,
  ): void => {
    new kind({
      name,
      help,
      labelNames: ['host'],
      registers,
      collect() {
        this.reset()
        for (const report of reports()) this.inc({ host: report.host }, read(report))
      },
    })
  }

  moduleFigure(Gauge, 'kaosnet_host_rooms', 'Rooms now, by module and host.', ({ rooms }) => rooms)
  moduleFigure(Counter, 'kaosnet_ticks_total', 'Ticks that ran.', ({ ticks }) => ticks)
  moduleFigure(
    Counter,
    'kaosnet_ticks_skipped_total',
    'Ticks that could not be caught up.',
    ({ skippedTicks }) => skippedTicks,
  )
  moduleFigure(
    Gauge,
    'kaosnet_room_script_memory_bytes',
    'Memory that the script states of rooms hold.',
    ({ memoryBytes }) => memoryBytes,
  )
  moduleFigure(
    Counter,
    'kaosnet_room_script_instructions_total',
    'Lua instructions that rooms used.',
    ({ instructions }) => instructions,
  )
  registerHistogram(registry, {
    name: 'kaosnet_tick_lateness_seconds',
    help: 'How long after it was due a tick began.',
    bounds: TICK_BUCKETS_SECONDS,
    read: (add) => ofModules((labels, { lateness }) => add(labels, lateness)),
  })
  registerHistogram(registry, {
    name: 'kaosnet_tick_duration_seconds',
    help: 'How long a tick ran.',
    bounds: TICK_BUCKETS_SECONDS,
    read: (add) => ofModules((labels, { duration }) => add(labels, duration)),
  })

  registerHistogram(registry, {
    name: 'kaosnet_input_routing_seconds',
    help: 'From the reading of a message to the queue of its room.',
    bounds: ROUTING_BUCKETS_SECONDS,
    read: (add) => {
      for (const { host, inputRouting } of reports()) add({ host }, inputRouting)
    },
  })

  hostFigure(
    Counter,
    'kaosnet_host_busy_seconds_total',
    'Time that the thread of a host was not idle.',
    ({ busySeconds }) => busySeconds,
  )
  hostFigure(
    Gauge,
    'kaosnet_lua_heap_bytes',
    'Memory of all Lua states of a host; it grows with need and never shrinks.',
    ({ luaHeapBytes }) => luaHeapBytes,
  )
  hostFigure(
    Gauge,
    'kaosnet_room_inputs_queued',
    'Messages that wait for the next tick of their rooms.',
    ({ queuedInputs }) => queuedInputs,
  )
  hostFigure(Gauge, 'kaosnet_call_vms', 'Script states for RPCs and hooks.', ({ callVms }) => callVms)
  hostFigure(
    Gauge,
    'kaosnet_call_vms_busy',
    'Those that run an RPC or hook now.',
    ({ busyCallVms }) => busyCallVms,
  )
  hostFigure(
    Gauge,
    'kaosnet_calls_queued',
    'RPCs and hooks that wait for a script state.',
    ({ queuedCalls }) => queuedCalls,
  )
  hostFigure(
    Gauge,
    'kaosnet_call_script_memory_bytes',
    'Memory that the script states for RPCs and hooks hold.',
    ({ callMemoryBytes }) => callMemoryBytes,
  )
  hostFigure(
    Counter,
    'kaosnet_script_log_lines_dropped_total',
    'Log lines of scripts beyond `scripts.logLinesPerSecond`.',
    ({ droppedLogLines }) => droppedLogLines,
  )
  hostFigure(
    Counter,
    'kaosnet_room_inputs_invalid_total',
    'Messages that the check of a TypeScript room refused.',
    ({ invalidInputs }) => invalidInputs,
  )
  hostFigure(
    Counter,
    'kaosnet_room_labels_refused_total',
    'Labels of rooms beyond `limits.labelBytes`.',
    ({ labelsRefused }) => labelsRefused,
  )
  registerTallies(registry, reports)
}

function registerTallies(registry: Registry, reports: () => readonly HostReport[]): void {
  new Counter({
    name: 'kaosnet_script_errors_total',
    help: 'Errors raised by scripts, by callback.',
    labelNames: ['callback'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { scriptErrors } of reports()) {
        for (const [callback, count] of Object.entries(scriptErrors)) this.inc({ callback }, count)
      }
    },
  })
  new Counter({
    name: 'kaosnet_budget_exceeded_total',
    help: 'Calls of scripts that were ended because they used too much, by kind of call and what they used.',
    labelNames: ['kind', 'cause', 'host'],
    registers: [registry],
    collect() {
      this.reset()
      for (const { budgetKills, host } of reports()) {
        for (const [key, count] of Object.entries(budgetKills)) {
          const [kind = '', cause = ''] = key.split(' ')
          this.inc({ kind, cause, host }, count)
        }
      }
    },
  })
}
