import { audit } from './audit.ts';
import { auth } from './auth.ts';
import type { ModuleMatrix } from './cells.ts';
import { core } from './core.ts';
import { forums } from './forums.ts';
import { governance } from './governance.ts';
import { groups } from './groups.ts';
import { insight } from './insight.ts';
import { ledger } from './ledger.ts';
import { media } from './media.ts';
import { messaging } from './messaging.ts';
import { moderation } from './moderation.ts';
import { notifications } from './notifications.ts';
import { ops } from './ops.ts';
import { social } from './social.ts';
import { trackerBounties, trackerCatalogue } from './tracker_catalogue.ts';
import { trackerSwarm } from './tracker_swarm.ts';
import { workspace } from './workspace.ts';

/** Every module's cells, in an order in which their rows can be inserted. */
export const matrix: ModuleMatrix = {
  ...core,
  ...ops,
  ...auth,
  ...media,
  ...notifications,
  ...audit,
  ...social,
  ...forums,
  ...messaging,
  ...governance,
  ...ledger,
  ...groups,
  ...workspace,
  ...trackerCatalogue,
  ...trackerSwarm,
  ...trackerBounties,
  ...moderation,
  ...insight,
};
