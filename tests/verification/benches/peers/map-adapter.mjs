// A database for Better Auth that costs next to nothing: Maps with indexes, behind the library's own adapter factory. The
// bundled memory adapter clones the whole database in each transaction, which would be unfair to the library.
import { createAdapterFactory } from "better-auth/adapters";

const INDEXES = {
  user: ["email"],
  session: ["token", "userId"],
  account: ["userId"],
  verification: ["identifier"],
  rateLimit: ["key"],
};

class Table {
  constructor(fields) {
    this.rows = new Map();
    this.indexes = Object.fromEntries(fields.map((field) => [field, new Map()]));
  }

  insert(row) {
    this.rows.set(row.id, row);
    for (const [field, index] of Object.entries(this.indexes)) {
      if (!index.has(row[field])) index.set(row[field], new Set());
      index.get(row[field]).add(row);
    }
    return row;
  }

  remove(row) {
    this.rows.delete(row.id);
    for (const [field, index] of Object.entries(this.indexes)) {
      const rows = index.get(row[field]);
      rows?.delete(row);
      if (rows?.size === 0) index.delete(row[field]);
    }
  }

  update(row, fields) {
    this.remove(row);
    return this.insert(Object.assign(row, fields));
  }

  find(where = []) {
    const matches = (row) => where.reduce((found, one, position) => {
      if (position === 0) return holds(row, one);
      return one.connector === "OR" ? found || holds(row, one) : found && holds(row, one);
    }, true);
    return this.candidates(where).filter(matches);
  }

  /** Returns the rows that an index finds, or all. */
  candidates(where) {
    for (const { field, value, operator, connector, mode } of where) {
      if ((operator ?? "eq") !== "eq" || connector === "OR" || mode === "insensitive") continue;
      if (field === "id") return this.rows.has(value) ? [this.rows.get(value)] : [];
      if (this.indexes[field]) return [...(this.indexes[field].get(value) ?? [])];
    }
    return [...this.rows.values()];
  }
}

const lowerCase = (value) => (typeof value === "string" ? value.toLowerCase() : value);

function holds(row, { field, value, operator, mode }) {
  const ignoresCase = mode === "insensitive" && !Array.isArray(value);
  const [left, right] = ignoresCase ? [lowerCase(row[field]), lowerCase(value)] : [row[field], value];
  switch (operator) {
    case "in": return right.includes(left);
    case "not_in": return !right.includes(left);
    case "ne": return left !== right;
    case "lt": return left < right;
    case "lte": return left <= right;
    case "gt": return left > right;
    case "gte": return left >= right;
    case "contains": return String(left).includes(right);
    case "starts_with": return String(left).startsWith(right);
    case "ends_with": return String(left).endsWith(right);
    default: return right === null ? left == null : left === right;
  }
}

export function mapAdapter() {
  const tables = {};
  const table = (model) => (tables[model] ??= new Table(INDEXES[model] ?? []));
  const first = (model, where) => table(model).find(where)[0] ?? null;

  function join(row, joins = {}) {
    const joined = { ...row };
    for (const [model, { on, relation, limit }] of Object.entries(joins)) {
      const rows = table(model).find([{ field: on.to, value: row[on.from] }]);
      joined[model] = relation === "one-to-one" ? rows[0] ?? null : rows.slice(0, limit ?? 100);
    }
    return joined;
  }

  const adapter = {
    create: async ({ model, data }) => table(model).insert({ ...data }),
    async findOne({ model, where, join: joins }) {
      const row = first(model, where);
      return row && join(row, joins);
    },
    async findMany({ model, where, limit, sortBy, offset = 0, join: joins }) {
      const rows = table(model).find(where);
      if (sortBy) {
        const sign = sortBy.direction === "desc" ? -1 : 1;
        rows.sort((a, b) => sign * (Number(a[sortBy.field] > b[sortBy.field]) - Number(a[sortBy.field] < b[sortBy.field])));
      }
      return rows.slice(offset, limit ? offset + limit : undefined).map((row) => join(row, joins));
    },
    count: async ({ model, where }) => table(model).find(where).length,
    async update({ model, where, update }) {
      const row = first(model, where);
      return row && { ...table(model).update(row, update) };
    },
    async updateMany({ model, where, update }) {
      const rows = table(model).find(where);
      rows.forEach((row) => table(model).update(row, update));
      return rows.length;
    },
    async delete({ model, where }) {
      const row = first(model, where);
      if (row) table(model).remove(row);
    },
    async deleteMany({ model, where }) {
      const rows = table(model).find(where);
      rows.forEach((row) => table(model).remove(row));
      return rows.length;
    },
    async consumeOne({ model, where }) {
      const row = first(model, where);
      if (row) table(model).remove(row);
      return row && { ...row };
    },
  };
  const config = {
    adapterId: "map",
    adapterName: "Map",
    supportsJSON: true,
    supportsDates: true,
    supportsBooleans: true,
    supportsNumericIds: false,
    transaction: false,
  };
  return createAdapterFactory({ config, adapter: () => adapter });
}
