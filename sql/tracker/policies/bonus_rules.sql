revoke all on tracker.bonus_rules from stoa_anonymous, stoa_member, stoa_moderator, stoa_admin, stoa_worker;
grant select on tracker.bonus_rules to stoa_member;

drop policy if exists read_active on tracker.bonus_rules;
create policy read_active on tracker.bonus_rules
for select
to stoa_member
using (is_active);

comment on policy read_active on tracker.bonus_rules is 'Members see what is in force.';

drop policy if exists read_as_moderator on tracker.bonus_rules;
create policy read_as_moderator on tracker.bonus_rules
for select
to stoa_moderator
using (true);

comment on policy read_as_moderator on tracker.bonus_rules is 'Moderators see every rule.';
