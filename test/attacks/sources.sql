-- Views of tables that the role may not read, and changes of tables that guards read.

-- case: deals_on_credit, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM deals_on_credit

-- case: consents_known, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM consents_known

-- case: tenants_by_text, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM tenants_by_text

-- case: ranks_other, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM ranks_other

-- case: deals_after_window, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM deals_after_window

-- case: deals_after_limit, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM deals_after_limit

-- case: deals_after_rank, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM deals_after_rank

-- case: deals_after_left, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM deals_after_left

-- case: deals_after_group, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM deals_after_group

-- case: deals_after_window2, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM deals_after_window2

-- case: deals_after_distinct, by a role that may read the view alone
-- expect: same or refused
-- role: shop_report
SELECT * FROM deals_after_distinct

-- case: DROP and CREATE of a table that a guard reads
-- expect: refused 42501
-- role: postgres
-- rollback
DROP TABLE blocked CASCADE;
CREATE TABLE blocked (member_id int PRIMARY KEY, reason_id int, note text);
SELECT name FROM members WHERE id = 1

-- case: a table renamed that a guard reads
-- expect: refused 42501
-- role: postgres
-- rollback
ALTER TABLE blocked RENAME TO blocked_once;
CREATE TABLE blocked (member_id int PRIMARY KEY, reason_id int, note text);
SELECT name FROM members WHERE id = 1

-- case: row security on a table that a guard reads
-- expect: refused 42501
-- role: postgres
-- rollback
ALTER TABLE blocked ENABLE ROW LEVEL SECURITY;
SET ROLE shop_app;
SELECT name FROM members WHERE id = 1

-- case: a trigger on a table that a guard reads
-- expect: refused 42501
-- role: postgres
-- rollback
CREATE FUNCTION unblock() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.member_id := 99; RETURN NEW; END $$;
CREATE TRIGGER unblock BEFORE UPDATE ON blocked FOR EACH ROW EXECUTE FUNCTION unblock();
UPDATE blocked SET note = 'x' WHERE member_id = 1;
SELECT name FROM members WHERE id = 1

-- case: INHERIT of a table whose rows a guard must not find
-- expect: refused 42501
-- role: postgres
-- rollback
CREATE TABLE pardoned_too (member_id int);
INSERT INTO pardoned_too VALUES (1);
ALTER TABLE pardoned_too INHERIT pardoned;
SELECT name FROM members WHERE id = 1

-- case: a child of a table whose rows a guard must not find
-- expect: refused 42501
-- role: postgres
-- rollback
CREATE TABLE pardoned_too () INHERITS (pardoned);
INSERT INTO pardoned_too VALUES (1);
SELECT name FROM members WHERE id = 1

-- case: a column dropped and made anew that a guard reads
-- expect: refused 42501
-- role: postgres
-- rollback
ALTER TABLE blocked DROP COLUMN member_id CASCADE;
ALTER TABLE blocked ADD COLUMN member_id int;
SELECT name FROM members WHERE id = 1

-- case: DROP and CREATE of a table that a guard reads, in DO
-- expect: refused 42501
-- role: postgres
-- rollback
DO $$ BEGIN DROP TABLE blocked CASCADE; CREATE TABLE blocked (member_id int PRIMARY KEY, reason_id int, note text); END $$;
SELECT name FROM members WHERE id = 1

-- case: a swapped table by SET SCHEMA
-- expect: refused 42501
-- role: postgres
-- rollback
CREATE TABLE other.blocked (member_id int PRIMARY KEY, reason_id int, note text);
ALTER TABLE blocked SET SCHEMA plain;
ALTER TABLE other.blocked SET SCHEMA public;
SELECT name FROM members WHERE id = 1
