import { resetSetting } from '../settings.ts';
import { writeDefaultPrivileges, writeGrant } from './access.ts';
import { writeColumn } from './columns.ts';
import {
  writeComment,
  writeEventTrigger,
  writeExtension,
  writePublication,
  writeSchema,
  writeType,
} from './others.ts';
import { writeIndex, writeRelation } from './relations.ts';
import { writeRoutine } from './routines.ts';
import { writeConstraint, writePolicy, writeRule, writeStatistics, writeTrigger } from './rules.ts';
import { only, refuse, type Writer } from './writer.ts';

const writers: Readonly<Record<string, Writer>> = {
  schema: writeSchema,
  extension: writeExtension,
  table: writeRelation,
  view: writeRelation,
  'materialized view': writeRelation,
  'foreign table': writeRelation,
  sequence: writeRelation,
  column: writeColumn,
  constraint: writeConstraint,
  index: writeIndex,
  function: writeRoutine,
  procedure: writeRoutine,
  aggregate: writeRoutine,
  trigger: writeTrigger,
  policy: writePolicy,
  rule: writeRule,
  statistics: writeStatistics,
  domain: writeType,
  type: writeType,
  'event trigger': writeEventTrigger,
  publication: writePublication,
  grant: writeGrant,
  'default privileges': writeDefaultPrivileges,
  comment: writeComment,
};

/** Whoever makes one owns the database or administers the role; stoa_owner does neither. */
const settingsBelongToTheServer: Writer = async ({ identity }, { to }) => {
  const database = await only<{ name: string }>(to, 'select quote_ident(current_database()) as name', []);
  return refuse(
    `a setting belongs to this server, and a migration runs as stoa_owner, which may not make one: keep it with the configuration of the server, accept it here, or take it back with: ${resetSetting(identity, database?.name ?? '')}`,
  );
};

export function writerOf(kind: string): Writer {
  if (kind === 'setting') return settingsBelongToTheServer;
  return writers[kind] ?? (async () => refuse('an object of this kind is written by hand'));
}
