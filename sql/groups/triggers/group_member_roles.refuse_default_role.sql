create or replace trigger refuse_default_role
before insert or update of role_id on groups.group_member_roles
for each row
execute function groups.refuse_default_role();

comment on trigger refuse_default_role on groups.group_member_roles is 'The default role is held without being assigned.';
