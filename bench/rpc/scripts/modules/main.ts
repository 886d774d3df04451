import { defineScripts } from '@kaosnet/server'

/** What main.lua does. */
export default defineScripts({
  rpcs: { echo: (_ctx, payload) => payload },
})
