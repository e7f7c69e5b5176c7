-- Why: registers what must hold about the tables of this module, for "stoa doctor invariants".
-- Locks: none. Back: deletes the rows of this module.

-- Up Migration

insert into ops.invariants (name, module, description, query) values
  (
    'core.profiles.visibility',
    'core',
    'A profile carries the visibility that its owner has chosen, because its policy reads it there.',
    $query$
      select profile.user_id::text as subject, settings.profile_visibility as expected, profile.visibility as found
      from core.profiles as profile
      join core.user_settings as settings on settings.user_id = profile.user_id
      where profile.visibility <> settings.profile_visibility
    $query$
  ),
  (
    'core.presence.visibility',
    'core',
    'A presence carries the visibility that its owner has chosen, because its policy reads it there.',
    $query$
      select presence.user_id::text as subject, settings.presence_visibility as expected, presence.visibility as found
      from core.presence as presence
      join core.user_settings as settings on settings.user_id = presence.user_id
      where presence.visibility <> settings.presence_visibility
    $query$
  );

-- Down Migration

delete from ops.invariants where module = 'core';
