export * from './api.ts'
export { KaosClient, type NodeClientOptions } from './node.ts'
