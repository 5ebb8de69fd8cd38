package parse

import "bytes"

var (
	userHome      = ecs("system.auth.useradd.home")
	userShell     = ecs("system.auth.useradd.shell")
	memberAdded   = ecsWord("event.action", "group-member-added")
	memberRemoved = ecsWord("event.action", "group-member-removed")
	userAdded     = ecsWord("event.action", "group-user-added")
	userRemoved   = ecsWord("event.action", "group-user-removed")
)

// account reads what useradd, userdel, usermod, groupadd, groupdel and gpasswd say.
func (l *fieldList) account(message []byte) {
	switch {
	case bytes.HasPrefix(message, []byte("new user: ")):
		l.created(message[len("new user: "):], true)
	case bytes.HasPrefix(message, []byte("new group: ")):
		l.created(message[len("new group: "):], false)
	case bytes.HasPrefix(message, []byte("group added to ")) && bytes.Contains(message, []byte(": name=")):
		_, name, _ := bytes.Cut(message, []byte(": "))
		l.created(name, false)
	case bytes.HasPrefix(message, []byte("delete user ")):
		user, _ := word(message[len("delete user "):])
		l.add(userField, unquoted(user))
		l.add(targetUser, unquoted(user))
		l.note(outcomeSuccess, categoryIAM, typeUserDeletion)
	case bytes.HasPrefix(message, []byte("delete '")):
		user, rest, _ := between(message, "'", "' from ")
		if group, _, ok := between(rest, "'", "'"); ok {
			l.add(targetUser, user)
			l.add(groupName, group)
			l.note(memberRemoved, outcomeSuccess, categoryIAM, typeUserDeletion)
		}
	case bytes.HasPrefix(message, []byte("removed group '")), bytes.HasPrefix(message, []byte("removed shadow group '")):
		group, _, _ := between(message, "'", "'")
		l.add(groupName, group)
		l.note(outcomeSuccess, categoryIAM, typeUserDeletion)
	case bytes.HasPrefix(message, []byte("group '")) && bytes.Contains(message, []byte("' removed")):
		group, _, _ := between(message, "'", "'")
		l.add(groupName, group)
		l.note(outcomeSuccess, categoryIAM, typeGroupDeleted)
	case bytes.HasPrefix(message, []byte("failed adding user '")):
		user, _, _ := between(message, "'", "'")
		l.add(userField, user)
		l.add(targetUser, user)
		l.note(outcomeFailure, categoryIAM, typeUserCreation)
	case bytes.HasPrefix(message, []byte("change user '")):
		user, _, _ := between(message, "'", "'")
		l.add(userField, user)
		l.add(targetUser, user)
		l.note(outcomeSuccess, categoryIAM, typeUserChange)
	case bytes.HasPrefix(message, []byte("add '")):
		user, rest, _ := between(message, "'", "' to ")
		group, _, ok := between(rest, "'", "'")
		if ok {
			l.add(userField, user)
			l.add(targetUser, user)
			l.add(groupName, group)
			l.note(memberAdded, outcomeSuccess, categoryIAM, typeUserChange)
		}
	case bytes.HasPrefix(message, []byte("user ")):
		l.membership(message[len("user "):])
	}
}

// created reads "name=alice, UID=1001, GID=1001, home=/home/alice, shell=/bin/bash, from=pts/0".
func (l *fieldList) created(s []byte, user bool) {
	for part := range bytes.SplitSeq(s, []byte(", ")) {
		name, value, _ := bytes.Cut(part, []byte{'='})
		switch string(name) {
		case "name":
			if user {
				l.once(userField, value)
			} else {
				l.once(groupName, value)
			}
		case "UID":
			l.once(userID, value)
		case "GID":
			l.once(groupID, value)
		case "home":
			l.once(userHome, value)
		case "shell":
			l.once(userShell, value)
		}
	}
	if user {
		l.note(outcomeSuccess, categoryIAM, typeUserCreation)
	} else {
		l.note(outcomeSuccess, categoryIAM, typeGroupCreated)
	}
}

// membership reads "alice added by root to group pay" and "alice removed by root from group pay".
func (l *fieldList) membership(s []byte) {
	target, s := word(s)
	action, s := word(s)
	by, s := word(s)
	actor, group := word(s)
	if string(by) != "by" {
		return
	}
	switch string(action) {
	case "added":
		l.note(userAdded)
		group = bytes.TrimPrefix(group, []byte("to group "))
	case "removed":
		l.note(userRemoved)
		group = bytes.TrimPrefix(group, []byte("from group "))
	default:
		return
	}
	l.add(userField, actor)
	l.add(targetUser, target)
	l.add(groupName, group)
	l.note(outcomeSuccess, categoryIAM, typeChange)
}
