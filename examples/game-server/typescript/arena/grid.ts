/** What lies in a {@link Grid}. It is in one grid at a time: its `cell` belongs to the grid. */
export interface GridItem<T> {
  x: number
  y: number
  cell: T[] | undefined
}

/** A spatial grid: finds what is near a point without looking at everything. */
export class Grid<T extends GridItem<T>> {
  readonly #halfWidth: number
  readonly #cellWidth: number
  readonly #columns: number
  readonly #cells: T[][] = []

  /**
   * Covers a square around the origin; what lies outside is kept in the cells of the edge.
   * @param cellWidth at least the largest distance that is ever asked for makes a query four cells
   */
  constructor(halfWidth: number, cellWidth: number) {
    this.#halfWidth = halfWidth
    this.#cellWidth = cellWidth
    this.#columns = Math.ceil((2 * halfWidth) / cellWidth)
    for (let index = 0; index < this.#columns * this.#columns; index += 1) this.#cells.push([])
  }

  insert(item: T): void {
    const cell = this.#cellAt(item.x, item.y)
    cell.push(item)
    item.cell = cell
  }

  remove(item: T): void {
    const cell = item.cell
    if (cell === undefined) return
    const index = cell.indexOf(item)
    const last = cell.pop()
    if (last !== undefined && last !== item) cell[index] = last
    item.cell = undefined
  }

  /** Must be called after the item's position changed. */
  move(item: T): void {
    if (item.cell === this.#cellAt(item.x, item.y)) return
    this.remove(item)
    this.insert(item)
  }

  /**
   * Writes every item that may be within `reach` of the point into `found`, whose former content is gone. The caller
   * checks the true distance.
   */
  near(x: number, y: number, reach: number, found: T[]): void {
    found.length = 0
    const first = this.#column(x - reach)
    const last = this.#column(x + reach)
    const lastRow = this.#column(y + reach)
    for (let row = this.#column(y - reach); row <= lastRow; row += 1) {
      for (let column = first; column <= last; column += 1) {
        for (const item of this.#cell(row, column)) found.push(item)
      }
    }
  }

  #cellAt(x: number, y: number): T[] {
    return this.#cell(this.#column(y), this.#column(x))
  }

  #cell(row: number, column: number): T[] {
    const cell = this.#cells[row * this.#columns + column]
    if (cell === undefined) throw new RangeError(`the grid has no cell in row ${row}, column ${column}`)
    return cell
  }

  #column(coordinate: number): number {
    const index = Math.floor((coordinate + this.#halfWidth) / this.#cellWidth)
    return Math.min(Math.max(index, 0), this.#columns - 1)
  }
}
