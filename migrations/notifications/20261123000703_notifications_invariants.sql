-- Why: registers what must hold about the tables of this module, for "stoa doctor invariants".
-- Locks: none. Back: deletes the rows of this module.

-- Up Migration

insert into ops.invariants (name, module, description, query) values
  (
    'notifications.open_groups.entry',
    'notifications',
    'What collects similar events points at an entry of the same bell that collects exactly those, or at one that was removed for its age.',
    $query$
      select
        pointer.user_id || ' ' || pointer.group_key as subject,
        pointer.group_key as expected,
        coalesce(entry.group_key, 'an entry that collects nothing') as found
      from notifications.open_groups as pointer
      join notifications.notifications as entry
        on entry.user_id = pointer.user_id and entry.id = pointer.notification_id
      where entry.group_key is distinct from pointer.group_key
    $query$
  );

-- Down Migration

delete from ops.invariants where module = 'notifications';
