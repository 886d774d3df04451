export * from './api.ts'
export { KaosClient } from './node.ts'
