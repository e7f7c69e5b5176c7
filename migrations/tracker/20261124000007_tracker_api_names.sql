-- Why: the tag that a vote is about is a TorrentTag, not the Tag of its name; what a debit paid for is read from the
-- bounty, it is said when a rule that pays once has paid,
-- and pages of announces, which have no key, follow the index of a person in time.
-- Locks: none on anything that holds data: comments only. Back: the comments before.

-- Up Migration

comment on constraint torrent_tag_votes_assignment_fkey on tracker.torrent_tag_votes is E'@fieldName torrentTag\n@foreignFieldName votes\nGoes with the tag on the torrent.';
comment on constraint request_bounties_debit_fkey on tracker.request_bounties is E'@behavior -manyRelation:resource:connection\nWhat took the points; nobody contributes with the points of somebody else.';
comment on column tracker.bonus_transactions.period_start is 'The period that was paid: a rule pays a person once for it. Of a rule that pays once, ever: -infinity, which the API tells as 0001-01-01T00:00:00.000000+00:00.';
comment on table tracker.announces is
  E'@name announce\n@primaryKey user_id,announced_at,torrent_id,peer_id,event\n@behavior -single\nEvery announce that was accepted. No key and no foreign keys: the procedure that writes it has looked them up, and a check a row would lock the busiest torrents. Ask with a user_id: one range of an index a month.';

-- Down Migration

comment on constraint torrent_tag_votes_assignment_fkey on tracker.torrent_tag_votes is E'@foreignFieldName votes\nGoes with the tag on the torrent.';
comment on constraint request_bounties_debit_fkey on tracker.request_bounties is 'What took the points; nobody contributes with the points of somebody else.';
comment on column tracker.bonus_transactions.period_start is 'The period that was paid: a rule pays a person once for it.';
comment on table tracker.announces is
  E'@name announce\nEvery announce that was accepted. No key and no foreign keys: the procedure that writes it has looked them up, and a check a row would lock the busiest torrents.';
