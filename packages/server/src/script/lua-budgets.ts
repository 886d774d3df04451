import type { LuaBudget } from '@kaosnet/lua'
import type { ServerConfig } from '../config.ts'
import type { BudgetKind } from './loaded-scripts.ts'

/** What one call into Lua may use, by kind. */
export type LuaBudgets = Readonly<Record<BudgetKind, LuaBudget>>

export function luaBudgets(scripts: ServerConfig['scripts']): LuaBudgets {
  return {
    load: { instructions: scripts.loadInstructions, wallMs: scripts.loadBudgetMs },
    init: { instructions: scripts.initInstructions, wallMs: scripts.initBudgetMs },
    tick: { instructions: scripts.tickInstructions, wallMs: scripts.tickBudgetMs },
    join: { instructions: scripts.joinInstructions, wallMs: scripts.joinBudgetMs },
    hook: { instructions: scripts.hookInstructions, wallMs: scripts.hookBudgetMs },
    rpc: { instructions: scripts.rpcInstructions, wallMs: scripts.rpcBudgetMs },
  }
}
