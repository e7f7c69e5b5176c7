import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Client } from 'pg';
import { inject, onTestFinished } from 'vitest';
import type { MigrationEvent } from '../../src/migrate/events.ts';
import { connect, withDatabase } from '../../src/postgres/connect.ts';
import { prepareDatabase } from '../../src/postgres/prepare.ts';

/** A project folder with files of one's own, for the length of one test. */
export interface Project {
  readonly root: string;
  /** Writes `migrations/<module>/<name>.sql`. */
  migration(path: string, up: string, down?: string): void;
  /** Writes any file, from the root on. */
  write(path: string, text: string): void;
  remove(path: string): void;
}

export function project(): Project {
  const root = mkdtempSync(join(tmpdir(), 'stoa-project-'));
  onTestFinished(() => rmSync(root, { recursive: true, force: true }));
  const write = (path: string, text: string): void => {
    mkdirSync(dirname(join(root, path)), { recursive: true });
    writeFileSync(join(root, path), text);
  };
  return {
    root,
    write,
    migration: (path, up, down) =>
      write(
        `migrations/${path}.sql`,
        `-- Why: a test.\n\n-- Up Migration\n\n${up}\n${down === undefined ? '' : `\n-- Down Migration\n\n${down}\n`}`,
      ),
    remove: (path) => rmSync(join(root, path)),
  };
}

/** An empty database, ready to be migrated, for the length of one test. Answers with its URL as superuser. */
export async function emptyDatabase(): Promise<string> {
  const serverUrl = inject('serverUrl');
  const name = `stoa_test_${randomBytes(6).toString('hex')}`;
  await prepareDatabase(serverUrl, name);
  onTestFinished(async () => {
    const admin = await connect(serverUrl, 'test drop');
    await admin.query(`drop database if exists ${name} with (force)`);
    await admin.end();
  });
  return withDatabase(serverUrl, name);
}

/** A connection as superuser, closed after the test. */
export async function session(url: string, name = 'test'): Promise<Client> {
  const client = await connect(url, name);
  onTestFinished(() => client.end());
  return client;
}

/** Collects events, and lets a test wait for one. */
export class EventLog {
  readonly events: MigrationEvent[] = [];
  readonly #waiting: { readonly type: string; readonly resolve: (event: MigrationEvent) => void }[] = [];

  readonly listen = (event: MigrationEvent): void => {
    this.events.push(event);
    for (const each of this.#waiting.filter(({ type }) => type === event.type)) each.resolve(event);
  };

  of<Type extends MigrationEvent['type']>(type: Type): Extract<MigrationEvent, { type: Type }>[] {
    return this.events.filter(
      (event): event is Extract<MigrationEvent, { type: Type }> => event.type === type,
    );
  }

  async first<Type extends MigrationEvent['type']>(
    type: Type,
  ): Promise<Extract<MigrationEvent, { type: Type }>> {
    if (this.of(type).length === 0) {
      await new Promise<MigrationEvent>((resolve) => this.#waiting.push({ type, resolve }));
    }
    const [event] = this.of(type);
    if (!event) throw new Error(`no event ${type}`);
    return event;
  }
}
