# Those entries of a lock that a list names: awk -f select.awk packages.txt requirements.lock
NR == FNR { wanted[$1]; next }
/^#/ { next }
/^[a-z0-9]/ { split($0, part, "=="); keep = part[1] in wanted }
keep
