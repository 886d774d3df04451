/**
 * Called for every event of its name. What it returns does not matter; what it throws, or rejects with, is reported and
 * stops nobody else.
 */
export type Listener<Event> = (event: Event) => unknown

/** Takes the listener away again; calling it twice does no harm. */
export type Unsubscribe = () => void

/** Told when a listener threw. */
export type ListenerErrorHandler = (thrown: unknown, eventName: string) => void

type ListenerLists<Events> = { [Name in keyof Events]?: readonly Listener<Events[Name]>[] }

/**
 * Typed events: `Events` maps each name to what its listeners get. Listeners run at once, in the order they were
 * added; one that is added or removed while an event is on its way counts from the next event on.
 */
export class Emitter<Events extends object> {
  /** Lists are replaced, never changed, so that an event in progress sees the one it began with. */
  readonly #listeners: ListenerLists<Events> = {}
  readonly #onListenerError: ListenerErrorHandler

  constructor(onListenerError: ListenerErrorHandler) {
    this.#onListenerError = onListenerError
  }

  on<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): Unsubscribe {
    this.#listeners[name] = [...(this.#listeners[name] ?? []), listener]
    return () => this.off(name, listener)
  }

  /** Like {@link on}, for the next event only. */
  once<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): Unsubscribe {
    const unsubscribe = this.on(name, (event) => {
      unsubscribe()
      return listener(event)
    })
    return unsubscribe
  }

  off<Name extends keyof Events>(name: Name, listener: Listener<Events[Name]>): void {
    this.#listeners[name] = this.#listeners[name]?.filter((other) => other !== listener) ?? []
  }

  listenerCount(name: keyof Events): number {
    return this.#listeners[name]?.length ?? 0
  }

  emit<Name extends keyof Events>(name: Name, event: Events[Name]): void {
    for (const listener of this.#listeners[name] ?? []) {
      try {
        const pending = listener(event)
        if (pending instanceof Promise) pending.catch((thrown) => this.#onListenerError(thrown, String(name)))
      } catch (thrown) {
        this.#onListenerError(thrown, String(name))
      }
    }
  }
}
