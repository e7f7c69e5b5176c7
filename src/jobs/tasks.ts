import type { Module } from '../modules.ts';
import type { StoaTask } from './task.ts';
import achievementsEvaluate from './tasks/achievements_evaluate.ts';
import alertDeliver from './tasks/alert_deliver.ts';
import announceInvestigate from './tasks/announce_investigate.ts';
import archiveChat from './tasks/archive_chat.ts';
import archiveMonthly from './tasks/archive_monthly.ts';
import archiveQuarterly from './tasks/archive_quarterly.ts';
import archiveScrub from './tasks/archive_scrub.ts';
import auditAnchor from './tasks/audit_anchor.ts';
import auditSeal from './tasks/audit_seal.ts';
import backfillRun from './tasks/backfill_run.ts';
import backupBase from './tasks/backup_base.ts';
import backupIncrement from './tasks/backup_increment.ts';
import backupLogical from './tasks/backup_logical.ts';
import bonusAward from './tasks/bonus_award.ts';
import classesPromote from './tasks/classes_promote.ts';
import conversationPositionsRepair from './tasks/conversation_positions_repair.ts';
import countersRepair from './tasks/counters_repair.ts';
import driftCheck from './tasks/drift_check.ts';
import erasureRun from './tasks/erasure_run.ts';
import expireMessages from './tasks/expire_messages.ts';
import exportRun from './tasks/export_run.ts';
import fillsConfirm from './tasks/fills_confirm.ts';
import flushViews from './tasks/flush_views.ts';
import forumCountersRepair from './tasks/forum_counters_repair.ts';
import freeleechEnd from './tasks/freeleech_end.ts';
import governanceCountersRepair from './tasks/governance_counters_repair.ts';
import governanceRecomputePower from './tasks/governance_recompute_power.ts';
import groupCountersRepair from './tasks/group_counters_repair.ts';
import healthCompute from './tasks/health_compute.ts';
import heartbeat from './tasks/heartbeat.ts';
import insightForget from './tasks/insight_forget.ts';
import moderationCountersRepair from './tasks/moderation_counters_repair.ts';
import notifyFollowers from './tasks/notify_followers.ts';
import notifyMentions from './tasks/notify_mentions.ts';
import notifyParticipants from './tasks/notify_participants.ts';
import partitionsMaintain from './tasks/partitions_maintain.ts';
import partitionsRetire from './tasks/partitions_retire.ts';
import peerDaysSumUp from './tasks/peer_days_sum_up.ts';
import peersSnapshot from './tasks/peers_snapshot.ts';
import peersSweep from './tasks/peers_sweep.ts';
import presenceSweep from './tasks/presence_sweep.ts';
import proposalsClose from './tasks/proposals_close.ts';
import proposalsOpen from './tasks/proposals_open.ts';
import reputationRecompute from './tasks/reputation_recompute.ts';
import requestsExpire from './tasks/requests_expire.ts';
import restoreTest from './tasks/restore_test.ts';
import retentionRun from './tasks/retention_run.ts';
import sendMail from './tasks/send_mail.ts';
import summariesPlan from './tasks/summaries_plan.ts';
import threadsArchive from './tasks/threads_archive.ts';
import topListsRefresh from './tasks/top_lists_refresh.ts';
import torrentStatisticsRefresh from './tasks/torrent_statistics_refresh.ts';
import trackerCatalogueRepair from './tasks/tracker_catalogue_repair.ts';
import trackerStatisticsRepair from './tasks/tracker_statistics_repair.ts';
import uploadsSweep from './tasks/uploads_sweep.ts';
import voiceSweep from './tasks/voice_sweep.ts';
import walCheck from './tasks/wal_check.ts';

type TaskMap = Readonly<Record<string, StoaTask>>;

/** By module, each under the name with which it is queued. */
const tasksByModule: Readonly<Record<string, TaskMap>> = {
  ops: {
    partitions_maintain: partitionsMaintain,
    retention_run: retentionRun,
    partitions_retire: partitionsRetire,
    archive_monthly: archiveMonthly,
    archive_quarterly: archiveQuarterly,
    archive_scrub: archiveScrub,
    alert_deliver: alertDeliver,
    drift_check: driftCheck,
    backfill_run: backfillRun,
    backup_base: backupBase,
    backup_logical: backupLogical,
    backup_increment: backupIncrement,
    heartbeat,
    restore_test: restoreTest,
    wal_check: walCheck,
  },
  core: {
    presence_sweep: presenceSweep,
    classes_promote: classesPromote,
    achievements_evaluate: achievementsEvaluate,
  },
  auth: { send_mail: sendMail },
  media: { uploads_sweep: uploadsSweep },
  audit: {
    audit_seal: auditSeal,
    audit_anchor: auditAnchor,
    erasure_run: erasureRun,
    export_run: exportRun,
  },
  social: { counters_repair: countersRepair },
  forums: {
    flush_views: flushViews,
    notify_followers: notifyFollowers,
    forum_counters_repair: forumCountersRepair,
  },
  messaging: {
    notify_participants: notifyParticipants,
    expire_messages: expireMessages,
    conversation_positions_repair: conversationPositionsRepair,
  },
  governance: {
    proposals_open: proposalsOpen,
    proposals_close: proposalsClose,
    governance_recompute_power: governanceRecomputePower,
    governance_counters_repair: governanceCountersRepair,
  },
  groups: {
    notify_mentions: notifyMentions,
    threads_archive: threadsArchive,
    voice_sweep: voiceSweep,
    group_counters_repair: groupCountersRepair,
    archive_chat: archiveChat,
  },
  moderation: { moderation_counters_repair: moderationCountersRepair },
  insight: {
    summaries_plan: summariesPlan,
    insight_forget: insightForget,
    reputation_recompute: reputationRecompute,
    health_compute: healthCompute,
  },
  tracker: {
    tracker_catalogue_repair: trackerCatalogueRepair,
    freeleech_end: freeleechEnd,
    fills_confirm: fillsConfirm,
    requests_expire: requestsExpire,
    announce_investigate: announceInvestigate,
    bonus_award: bonusAward,
    peer_days_sum_up: peerDaysSumUp,
    peers_snapshot: peersSnapshot,
    peers_sweep: peersSweep,
    top_lists_refresh: topListsRefresh,
    torrent_statistics_refresh: torrentStatisticsRefresh,
    tracker_statistics_repair: trackerStatisticsRepair,
  },
};

/** The tasks of the modules that are in force. */
export function tasksOf(modules: readonly Module[]): TaskMap {
  return Object.assign({}, ...modules.map(({ name }) => tasksByModule[name] ?? {}));
}
