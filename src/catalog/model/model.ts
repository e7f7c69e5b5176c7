import type { Module } from '../../modules.ts';
import type { Comment } from './comment.ts';

/**
 * What a migrated database says of itself, in the words of the schema pages. It holds no oids, no partitions and
 * no figures that change with time or with the server's major version.
 */
export interface Catalog {
  readonly modules: readonly CatalogModule[];
  readonly errorCodes: readonly ErrorCode[];
}

export interface CatalogModule {
  readonly module: Module;
  readonly comment: Comment;
  readonly tables: readonly Table[];
  readonly views: readonly View[];
  readonly types: readonly RowType[];
  readonly functions: readonly Routine[];
}

export interface Column {
  readonly name: string;
  readonly type: string;
  readonly isNullable: boolean;
  /** The default, or how the value is generated; undefined when there is none. */
  readonly default: string | undefined;
  readonly comment: Comment;
}

/** The form of the rows that a function gives. */
export interface RowType {
  /** Schema and name: `social.friends`. */
  readonly name: string;
  readonly comment: Comment;
  readonly columns: readonly Column[];
}

export interface View extends RowType {
  readonly grants: readonly Grant[];
}

export interface Table extends View {
  readonly isUnlogged: boolean;
  readonly storage: readonly string[];
  /** `RANGE (id)`, for a partitioned table. */
  readonly partitionKey: string | undefined;
  readonly partitionPolicy: PartitionPolicy | undefined;
  readonly backupTier: string | undefined;
  readonly retention: readonly RetentionPolicy[];
  readonly personalData: readonly PersonalDataRule[];
  readonly constraints: readonly Constraint[];
  readonly indexes: readonly Index[];
  readonly policies: readonly Policy[];
  readonly triggers: readonly Trigger[];
}

export interface Constraint {
  readonly name: string;
  readonly kind: 'primary key' | 'unique' | 'check' | 'foreign key' | 'exclude';
  readonly definition: string;
  readonly columns: readonly string[];
  /** The table that a foreign key points at. */
  readonly references: string | undefined;
  readonly comment: Comment;
}

export interface Index {
  readonly name: string;
  readonly isUnique: boolean;
  /** Method, keys and condition: `btree (forum_id, id DESC) WHERE (deleted_at IS NULL)`. */
  readonly definition: string;
  readonly comment: Comment;
}

export interface Grant {
  readonly role: string;
  readonly privilege: 'select' | 'insert' | 'update' | 'delete';
  /** The columns it is limited to; undefined means the whole table. */
  readonly columns: readonly string[] | undefined;
}

export interface Policy {
  readonly name: string;
  readonly command: 'all' | 'select' | 'insert' | 'update' | 'delete';
  readonly roles: readonly string[];
  readonly using: string | undefined;
  readonly check: string | undefined;
  readonly comment: Comment;
}

export interface Trigger {
  readonly name: string;
  /** `AFTER INSERT OR DELETE, for each statement`. */
  readonly timing: string;
  readonly function: string;
  readonly comment: Comment;
}

export interface PartitionPolicy {
  readonly period: string;
  readonly ahead: number;
  readonly retain: string | undefined;
  readonly isExportedBeforeDrop: boolean;
}

export interface RetentionPolicy {
  readonly name: string;
  readonly predicate: string;
  readonly action: string;
}

export interface PersonalDataRule {
  readonly column: string;
  readonly action: string;
  readonly reason: string;
}

export interface Routine {
  /** Schema and name, without arguments. */
  readonly name: string;
  /** With the types that identify it: `forums.vote_post(uuid, integer)`. */
  readonly signature: string;
  readonly arguments: string;
  readonly result: string;
  readonly language: string;
  readonly volatility: 'immutable' | 'stable' | 'volatile';
  readonly isSecurityDefiner: boolean;
  readonly isTrigger: boolean;
  /** Roles with a grant of their own; what a role inherits is not repeated. */
  readonly roles: readonly string[];
  /** Functions of the modules that its body names. */
  readonly calls: readonly string[];
  /** Reasons that its own body names. */
  readonly ownReasons: readonly string[];
  /** Those, and the ones of the functions that it calls, however deep. */
  readonly reasons: readonly string[];
  readonly comment: Comment;
}

export interface ErrorCode {
  readonly reason: string;
  readonly sqlstate: string;
  readonly message: string;
  readonly cure: string;
}
