import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** Who may do what in a tree of groups, whose members have the same rights in all groups below. */
final class MembershipBook {
    /** What a member can be, from the fewest to the most rights. */
    enum Role {
        GUEST(10),
        REPORTER(20),
        DEVELOPER(30),
        MAINTAINER(40),
        OWNER(50);

        private final int level;

        Role(int level) {
            this.level = level;
        }

        int level() {
            return level;
        }

        boolean includes(Role other) {
            return level >= other.level;
        }
    }

    /** Something that was refused, with the reason. */
    static final class RefusedException extends RuntimeException {
        RefusedException(String message) {
            super(message);
        }
    }

    private final Map<String, Map<String, Role>> rolesByGroup = new HashMap<>();

    /** Adds an empty group; the group above it must be there already. */
    MembershipBook group(String path) {
        String parent = parentOf(path);
        if (!parent.isEmpty() && !rolesByGroup.containsKey(parent)) {
            throw new RefusedException("there is no group " + parent);
        }
        rolesByGroup.putIfAbsent(path, new TreeMap<>());
        return this;
    }

    /**
     * Gives a user a role in a group and all groups below.
     *
     * @throws RefusedException if the user already has more rights from a group above
     */
    MembershipBook grant(String path, String user, Role role) {
        Role inherited = roleIn(parentOf(path), user);
        if (inherited != null && !role.includes(inherited)) {
            throw new RefusedException(user + " is already " + inherited + " above " + path);
        }
        members(path).put(user, role);
        return this;
    }

    /**
     * Takes away the role that a user has in the group itself.
     *
     * @throws RefusedException if that would leave a group without any owner, or there is no role
     */
    MembershipBook revoke(String path, String user) {
        Map<String, Role> members = members(path);
        Role role = members.get(user);
        if (role == null) {
            throw new RefusedException(user + " is no member of " + path);
        }
        if (role == Role.OWNER && owners(path).size() == 1) {
            throw new RefusedException(user + " is the last owner of " + path);
        }
        members.remove(user);
        return this;
    }

    /** Returns a user's role in a group: the highest one there and above, or null. */
    Role roleIn(String path, String user) {
        Role highest = null;
        for (String group = path; !group.isEmpty(); group = parentOf(group)) {
            Role role = members(group).get(user);
            if (role != null && (highest == null || role.includes(highest))) {
                highest = role;
            }
        }
        return highest;
    }

    /** Whether a user has at least a role in a group. */
    boolean can(String path, String user, Role needed) {
        Role role = roleIn(path, user);
        return role != null && role.includes(needed);
    }

    /** Returns the users who own a group, directly or from above, in alphabetical order. */
    Set<String> owners(String path) {
        Set<String> owners = new TreeSet<>();
        for (String group = path; !group.isEmpty(); group = parentOf(group)) {
            members(group).forEach((user, role) -> {
                if (role == Role.OWNER) {
                    owners.add(user);
                }
            });
        }
        return owners;
    }

    /** Lists a group's own members, those with the most rights first, then by name. */
    List<String> describe(String path) {
        List<Map.Entry<String, Role>> entries = new ArrayList<>(members(path).entrySet());
        entries.sort(Map.Entry.comparingByValue(Comparator.reverseOrder()));
        return entries.stream()
                .map(entry -> entry.getKey() + " (" + entry.getValue().level() + ")")
                .toList();
    }

    private Map<String, Role> members(String path) {
        Map<String, Role> members = rolesByGroup.get(path);
        if (members == null) {
            throw new RefusedException("there is no group " + path);
        }
        return members;
    }

    /** The path of the group above: "a/b" of "a/b/c", and "" of "a". */
    private static String parentOf(String path) {
        return path.substring(0, Math.max(0, path.lastIndexOf('/')));
    }
}
