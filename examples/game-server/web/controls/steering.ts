/** What the player's hands want at the moment. */
export interface Steering {
  /** Radians; kept while nothing is pressed, so that a dash goes where the player last went. */
  readonly angle: number
  /** 0 to 1. */
  readonly strength: number
}

/** A device that can steer. */
export interface SteeringSource {
  /** undefined while it is not used. */
  steering(): Steering | undefined
  /** Lets everything go, e.g. when the page loses the focus. */
  release(): void
}
