-- Why: a torrent may be listed without its .torrent file (imported ones, or a file that storage lost). Whoever wants to
--   download it is told so.
-- Locks: ROW EXCLUSIVE on core.error_codes, for an instant.
-- Back: takes the reason away again. No data is touched.

-- Up Migration

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('torrent.metainfo_missing', 'ST404', 'The .torrent file of this torrent is not here.', 'Ask its uploader or a moderator to offer it again with its file.');

-- Down Migration

delete from core.error_codes where reason = 'torrent.metainfo_missing';
