-- Why: an upload is what its bytes are, not what its sender says they are: the process that receives them looks, and
-- has a login of its own that may do nothing else. Locks: media.uploads for
-- an instant (a column without a default). Back: members say it again.

-- Up Migration

grant usage on schema media to stoa_media;

alter table media.uploads add column purged_at timestamptz;
comment on column media.uploads.purged_at is
  E'@behavior -*\nWhen the bytes were removed although rows still point at the upload.';

insert into core.settings (key, value, type, is_public, description) values
  ('media.transfer_seconds', '900', 'integer', true, 'How long an address for sending or fetching a file is good for.');

insert into core.error_codes (reason, sqlstate, message, cure) values
  ('upload.not_sent', 'ST409', 'The bytes of this upload have not arrived.', 'Send them to the address of its transfer, then complete it.'),
  ('upload.address_expired', 'ST410', 'This address of a file is not valid any more.', 'Ask the API for the file again; it gives a new address.');

update core.error_codes
set message = 'What arrived is not what was announced.',
    cure = 'Begin a new upload with the true size and type: the type is taken from the content.'
where reason = 'upload.mismatch';

comment on column media.uploads.storage_path is
  E'@behavior -*\nObject key (urls are derived and signed, never stored).';
comment on constraint uploads_storage_path_key on media.uploads is
  E'@behavior -*\nOne row per object. Clients cannot ask by it.';

-- Down Migration

comment on constraint uploads_storage_path_key on media.uploads is null;
comment on column media.uploads.storage_path is 'Object key (urls are derived and signed, never stored).';

update core.error_codes
set message = 'What arrived is not what was announced.',
    cure = 'Begin a new upload with the true size.'
where reason = 'upload.mismatch';
delete from core.error_codes where reason in ('upload.not_sent', 'upload.address_expired');
delete from core.settings where key = 'media.transfer_seconds';
alter table media.uploads drop column purged_at;
revoke usage on schema media from stoa_media;
