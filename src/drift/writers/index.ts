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
import { refuse, type Writer } from './writer.ts';

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

const settingsBelongToTheServer: Writer = async () =>
  refuse(
    'a setting belongs to this server, and a migration runs as stoa_owner, which may not make one: keep it with the configuration of the server',
  );

export function writerOf(kind: string): Writer {
  if (kind === 'setting') return settingsBelongToTheServer;
  return writers[kind] ?? (async () => refuse('an object of this kind is written by hand'));
}
