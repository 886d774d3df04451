--- A spatial grid: finds what is near a point without looking at everything.

local grid = {}
grid.__index = grid

local floor = math.floor

--- Covers a square around the origin; what lies outside is kept in the cells of the edge.
---@param half_width number
---@param cell_width number at least the largest distance that is ever asked for makes a query four cells
function grid.new(half_width, cell_width)
  local columns = math.ceil(2 * half_width / cell_width)
  local cells = {}
  for i = 1, columns * columns do
    cells[i] = {}
  end
  return setmetatable({ half = half_width, width = cell_width, columns = columns, cells = cells }, grid)
end

local function column(self, coordinate)
  local index = floor((coordinate + self.half) / self.width)
  if index < 0 then
    return 0
  end
  return index < self.columns and index or self.columns - 1
end

local function cell_at(self, x, y)
  return self.cells[column(self, y) * self.columns + column(self, x) + 1]
end

--- The item has `x` and `y`, and is in one grid at a time: its `cell` belongs to the grid.
function grid:insert(item)
  local cell = cell_at(self, item.x, item.y)
  cell[#cell + 1] = item
  item.cell = cell
end

function grid:remove(item)
  local cell = item.cell
  for i = 1, #cell do
    if cell[i] == item then
      cell[i] = cell[#cell]
      cell[#cell] = nil
      break
    end
  end
  item.cell = nil
end

--- Must be called after the item's position changed.
function grid:move(item)
  if item.cell ~= cell_at(self, item.x, item.y) then
    self:remove(item)
    self:insert(item)
  end
end

--- Writes every item that may be within `reach` of the point into `found` and returns how many. The caller checks
--- the true distance, and reads `found` only up to the count: what lies behind it is left from earlier queries.
function grid:near(x, y, reach, found)
  local count = 0
  local first, last = column(self, x - reach), column(self, x + reach)
  for row = column(self, y - reach), column(self, y + reach) do
    for cell_index = row * self.columns + first + 1, row * self.columns + last + 1 do
      local cell = self.cells[cell_index]
      for i = 1, #cell do
        count = count + 1
        found[count] = cell[i]
      end
    end
  end
  return count
end

return grid
