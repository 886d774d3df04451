#!/usr/bin/env node
import { createProgram } from './program.ts'

await createProgram({
  environment: process.env,
  write: (text) => process.stdout.write(text),
  fail: (message) => {
    process.stderr.write(`${message}\n`)
    process.exit(1)
  },
  exit: (code) => process.exit(code),
  kill: () => process.kill(process.pid, 'SIGKILL'),
  onSignal: (callback) => {
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, callback)
  },
}).parseAsync()
