/**
 * The vocabulary of the security matrix. A file a module says, for each table, which rows stand in it and what each
 * persona may do with them. The cells are written from the rules of the module, not from what the database does.
 */

/** Who asks. `owner` is a member whose rows stand in the table, `member` is one who has none or other ones. */
export const personas = ['anonymous', 'owner', 'member', 'moderator', 'admin', 'banned'] as const;
export type Persona = (typeof personas)[number];

export const operations = ['select', 'insert', 'update', 'delete'] as const;
export type Operation = (typeof operations)[number];

/** Everybody with an account: the personas, and people who only own rows. */
export type Person = Exclude<Persona, 'anonymous'> | 'friend' | 'foe' | 'stranger';

/**
 * Which rows: all that stand in the table, those that belong to the persona, none although the command itself is
 * allowed, or the ones with these labels.
 */
export type Rows = 'all' | 'own' | 'none' | readonly string[];

/** Rows of which some columns cannot be read. */
export interface Partly {
  readonly rows: Rows;
  readonly without: readonly string[];
}

/** Rows of which only these columns can be written. */
export interface Columns {
  readonly rows: Rows;
  readonly columns: readonly string[];
}

/** `denied`: PostgreSQL refuses the command itself, whichever row it is about. */
export type Cells = readonly [
  reading: 'denied' | Rows | Partly,
  inserting: 'denied' | Columns,
  updating: 'denied' | Columns,
  deleting: 'denied' | Rows,
];

export interface FixtureRow {
  readonly label: string;
  readonly belongsTo?: Person | readonly Person[];
  /** By column. Left out: the default. */
  readonly values: Readonly<Record<string, unknown>>;
  /** Something else in the world makes it (a trigger): it must be there already. */
  readonly isMade?: boolean;
}

export interface TableMatrix {
  readonly rows: readonly FixtureRow[];
  /** What identifies a row, where there is no primary key (a view). */
  readonly key?: readonly string[];
  /** A view of one row, of whoever asks: nobody else, its owner included, sees a row in it. */
  readonly isOfCaller?: boolean;
  /** Rows that the migrations put there are removed first, so that every row has a label. */
  readonly isCleared?: boolean;
  readonly cells: Readonly<Record<Persona, Cells>>;
}

/** Schema and name of a table, to what is expected of it; in an order in which the rows can be inserted. */
export type ModuleMatrix = Readonly<Record<string, TableMatrix>>;

const closed: Cells = ['denied', 'denied', 'denied', 'denied'];

/** A table that no role of the API reaches, whoever asks. */
export const closedToEverybody: Readonly<Record<Persona, Cells>> = {
  anonymous: closed,
  owner: closed,
  member: closed,
  moderator: closed,
  admin: closed,
  banned: closed,
};
