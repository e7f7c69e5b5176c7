revoke all on core.settings from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on core.settings to stoa_anonymous, stoa_worker;

drop policy if exists read_public on core.settings;
create policy read_public on core.settings
for select to stoa_anonymous
using (is_public);
comment on policy read_public on core.settings is
  'What clients need before anybody signed in.';

drop policy if exists read_as_moderator on core.settings;
create policy read_as_moderator on core.settings
for select to stoa_moderator
using (key not like 'secret.%');
comment on policy read_as_moderator on core.settings is
  'Moderators see how the site is configured, but no secrets.';

drop policy if exists read_as_admin on core.settings;
create policy read_as_admin on core.settings
for select to stoa_admin
using (true);
comment on policy read_as_admin on core.settings is
  'Administrators see everything.';
