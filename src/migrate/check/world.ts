import type { Constraint, Node } from 'libpg-query';
import { qualifiedName, stringOf } from '../objects/typename.ts';
import {
  alterations,
  type ColumnType,
  columnOf,
  columnsOf,
  columnType,
  constraintOf,
  constraintsOf,
  droppedNames,
  parts,
  relationName,
} from './ast.ts';

interface KnownTable {
  readonly columns: Map<string, ColumnType>;
  /** Column lists, in order, of indexes and of the constraints that bring one. */
  readonly indexes: string[][];
  /** Columns of the indexes that have a name of their own. */
  readonly indexColumns: Map<string, readonly string[]>;
  /** Names of CHECK constraints that prove `column is not null`, and whether they are valid. */
  readonly notNullChecks: Map<string, { column: string; isValid: boolean }>;
  readonly notNull: Set<string>;
  readonly foreignKeys: Map<string, string>;
  readonly parent: string | undefined;
}

/**
 * What the files say of the database, as far as the rules ask: which tables and objects are made by the files that
 * are being checked (and so hold nothing yet), the types of columns, which index and which check a table has.
 * An object that no file mentions is taken for one that is there and full.
 */
export class World {
  readonly #fresh = new Set<string>();
  readonly #tables = new Map<string, KnownTable>();
  readonly #tableOfIndex = new Map<string, string>();
  readonly #views = new Set<string>();

  /** Made by the files that are checked: nobody uses it, and nothing is in it. */
  isNew(name: string): boolean {
    return this.#fresh.has(name);
  }

  /** An index's table; undefined when no file made it. */
  tableOfIndex(index: string): string | undefined {
    return this.#tableOfIndex.get(index);
  }

  typeOf(table: string, column: string): ColumnType | undefined {
    return this.#tables.get(table)?.columns.get(column);
  }

  /** A valid CHECK says that the column is not null, or the column says so itself. */
  isProvenNotNull(table: string, column: string): boolean {
    const known = this.#tables.get(table);
    if (!known) return false;
    return (
      known.notNull.has(column) ||
      [...known.notNullChecks.values()].some((check) => check.column === column && check.isValid)
    );
  }

  /** Undefined: no file made the table, so nobody knows. */
  hasIndexOn(table: string, columns: readonly string[]): boolean | undefined {
    const known = this.#tables.get(table);
    if (!known) return undefined;
    const wanted = new Set(columns);
    return known.indexes.some((index) => {
      const leading = index.slice(0, wanted.size);
      return leading.length === wanted.size && leading.every((column) => wanted.has(column));
    });
  }

  /** The table that a foreign key points to. */
  targetOf(table: string, constraint: string): string | undefined {
    return this.#tables.get(table)?.foreignKeys.get(constraint);
  }

  /** Tables that the foreign keys of a table point to. */
  targetsOf(table: string): readonly string[] {
    return [...new Set(this.#tables.get(table)?.foreignKeys.values() ?? [])];
  }

  isNotNullCheck(table: string, constraint: string): boolean {
    return this.#tables.get(table)?.notNullChecks.has(constraint) === true;
  }

  columnsOfIndex(table: string, index: string): readonly string[] | undefined {
    return this.#tables.get(table)?.indexColumns.get(index);
  }

  /** The same, to look ahead in without taking anything in for good. */
  copy(): World {
    const other = new World();
    for (const name of this.#fresh) other.#fresh.add(name);
    for (const [name, table] of this.#tables) {
      other.#tables.set(name, {
        parent: table.parent,
        columns: new Map(table.columns),
        indexes: table.indexes.map((each) => [...each]),
        indexColumns: new Map(table.indexColumns),
        notNullChecks: new Map([...table.notNullChecks].map(([key, check]) => [key, { ...check }])),
        notNull: new Set(table.notNull),
        foreignKeys: new Map(table.foreignKeys),
      });
    }
    for (const [index, table] of this.#tableOfIndex) other.#tableOfIndex.set(index, table);
    for (const view of this.#views) other.#views.add(view);
    return other;
  }

  /** What was new is in use from now on. */
  release(): void {
    this.#fresh.clear();
  }

  parentOf(table: string): string | undefined {
    return this.#tables.get(table)?.parent;
  }

  /** Some file made it, so its columns and their types are known. */
  isKnownTable(name: string): boolean {
    return this.#tables.has(name);
  }

  isKnownView(name: string): boolean {
    return this.#views.has(name);
  }

  /** Takes in what a statement does. `isChecked`: it belongs to the files that are checked. */
  learn(node: Node, isChecked: boolean): void {
    const fresh = (name: string): void => {
      if (isChecked) this.#fresh.add(name);
    };
    if ('CreateStmt' in node) {
      const { relation, tableElts, inhRelations = [], partbound } = node.CreateStmt;
      const name = relationName(relation);
      fresh(name);
      const [first] = inhRelations;
      const parent = partbound && first && 'RangeVar' in first ? relationName(first.RangeVar) : undefined;
      const table = this.#table(name, parent);
      for (const column of columnsOf(tableElts)) this.#learnColumn(name, table, column);
      for (const element of tableElts ?? []) {
        if ('Constraint' in element) this.#learnConstraint(name, table, element.Constraint, undefined);
      }
    } else if ('CreateTableAsStmt' in node) {
      fresh(relationName(node.CreateTableAsStmt.into?.rel));
    } else if ('ViewStmt' in node) {
      const name = relationName(node.ViewStmt.view);
      if (!this.#views.has(name) && node.ViewStmt.replace !== true) fresh(name);
      else if (!this.#views.has(name) && isChecked) this.#fresh.add(name);
      this.#views.add(name);
    } else if ('CreateFunctionStmt' in node) {
      if (node.CreateFunctionStmt.replace !== true)
        fresh(`function ${parts(node.CreateFunctionStmt.funcname)}`);
    } else if ('CreateEnumStmt' in node) {
      fresh(parts(node.CreateEnumStmt.typeName));
    } else if ('CompositeTypeStmt' in node) {
      fresh(relationName(node.CompositeTypeStmt.typevar));
    } else if ('CreateDomainStmt' in node) {
      fresh(parts(node.CreateDomainStmt.domainname));
    } else if ('CreateSeqStmt' in node) {
      fresh(relationName(node.CreateSeqStmt.sequence));
    } else if ('CreateSchemaStmt' in node) {
      fresh(`schema ${node.CreateSchemaStmt.schemaname ?? ''}`);
    } else if ('IndexStmt' in node) {
      this.#learnIndex(node.IndexStmt);
    } else if ('RenameStmt' in node && node.RenameStmt.renameType === 'OBJECT_TABLE') {
      const from = relationName(node.RenameStmt.relation);
      const to = qualifiedName(node.RenameStmt.relation?.schemaname, node.RenameStmt.newname ?? '');
      const table = this.#tables.get(from);
      if (table) this.#tables.set(to, table);
      this.#tables.delete(from);
      if (this.#fresh.has(from)) fresh(to);
    } else if ('DropStmt' in node) {
      for (const name of droppedNames(node.DropStmt.objects)) {
        this.#tables.delete(name);
        this.#views.delete(name);
      }
    } else {
      this.#learnAlterations(node);
    }
  }

  #table(name: string, parent: string | undefined): KnownTable {
    const table: KnownTable = {
      columns: new Map(),
      indexes: [],
      indexColumns: new Map(),
      notNullChecks: new Map(),
      notNull: new Set(),
      foreignKeys: new Map(),
      parent,
    };
    this.#tables.set(name, table);
    return table;
  }

  #learnColumn(tableName: string, table: KnownTable, column: NonNullable<ReturnType<typeof columnOf>>): void {
    const name = column.colname ?? '';
    const type = columnType(column.typeName);
    if (type) table.columns.set(name, type);
    for (const constraint of constraintsOf(column)) this.#learnConstraint(tableName, table, constraint, name);
  }

  #learnConstraint(
    tableName: string,
    table: KnownTable,
    constraint: Constraint,
    column: string | undefined,
  ): void {
    const {
      contype,
      conname,
      keys = [],
      fk_attrs: attributes = [],
      pktable,
      raw_expr: expression,
    } = constraint;
    const own = column === undefined ? [] : [column];
    if (contype === 'CONSTR_PRIMARY' || contype === 'CONSTR_UNIQUE') {
      const columns = keys.length > 0 ? keys.map(stringOf) : own;
      table.indexes.push(columns);
      if (contype === 'CONSTR_PRIMARY') for (const each of columns) table.notNull.add(each);
    } else if (contype === 'CONSTR_NOTNULL') {
      for (const each of own) table.notNull.add(each);
    } else if (contype === 'CONSTR_FOREIGN') {
      const columns = attributes.length > 0 ? attributes.map(stringOf) : own;
      const name = conname ?? `${tableName.replace(/^.*\./, '')}_${columns.join('_')}_fkey`;
      table.foreignKeys.set(name, relationName(pktable));
    } else if (contype === 'CONSTR_CHECK' && conname !== undefined && expression) {
      const proven = columnThatIsNotNull(expression);
      if (proven !== undefined) {
        table.notNullChecks.set(conname, { column: proven, isValid: constraint.skip_validation !== true });
      }
    }
  }

  #learnIndex(index: Extract<Node, { IndexStmt: unknown }>['IndexStmt']): void {
    const { relation, idxname, indexParams = [], whereClause } = index;
    const table = relationName(relation);
    if (idxname !== undefined) this.#tableOfIndex.set(qualifiedName(relation?.schemaname, idxname), table);
    const known = this.#tables.get(table);
    if (!known) return;
    const columns = indexParams.map((each) => ('IndexElem' in each ? (each.IndexElem.name ?? '') : ''));
    // One that leaves out nothing but nulls of its own columns serves a foreign key as a whole one does.
    if (whereClause && !leavesOutOnlyNulls(whereClause, columns)) return;
    known.indexes.push(columns);
    if (idxname !== undefined) known.indexColumns.set(idxname, columns);
  }

  #learnAlterations(node: Node): void {
    const { table: name, actions } = alterations(node);
    const table = this.#tables.get(name);
    if (!table) return;
    for (const action of actions) {
      const column = columnOf(action);
      const constraint = constraintOf(action);
      if (action.subtype === 'AT_AddColumn' && column) this.#learnColumn(name, table, column);
      else if (action.subtype === 'AT_AddConstraint' && constraint) {
        this.#learnConstraint(name, table, constraint, undefined);
      } else if (action.subtype === 'AT_AlterColumnType') {
        const type = columnType(column?.typeName);
        if (type && action.name !== undefined) table.columns.set(action.name, type);
      } else if (action.subtype === 'AT_DropColumn') table.columns.delete(action.name ?? '');
      else if (action.subtype === 'AT_SetNotNull') table.notNull.add(action.name ?? '');
      else if (action.subtype === 'AT_DropNotNull') table.notNull.delete(action.name ?? '');
      else if (action.subtype === 'AT_ValidateConstraint') {
        const check = table.notNullChecks.get(action.name ?? '');
        if (check) check.isValid = true;
      } else if (action.subtype === 'AT_DropConstraint') {
        table.notNullChecks.delete(action.name ?? '');
        table.foreignKeys.delete(action.name ?? '');
      }
    }
  }
}

function leavesOutOnlyNulls(condition: Node, columns: readonly string[]): boolean {
  if ('BoolExpr' in condition) {
    const { boolop, args = [] } = condition.BoolExpr;
    return boolop === 'AND_EXPR' && args.every((term) => leavesOutOnlyNulls(term, columns));
  }
  const column = columnThatIsNotNull(condition);
  return column !== undefined && columns.includes(column);
}

/** `column is not null` */
function columnThatIsNotNull(condition: Node): string | undefined {
  if (!('NullTest' in condition) || condition.NullTest.nulltesttype !== 'IS_NOT_NULL') return undefined;
  const { arg } = condition.NullTest;
  const field = arg && 'ColumnRef' in arg ? arg.ColumnRef.fields?.[0] : undefined;
  return field && 'String' in field ? stringOf(field) : undefined;
}
