package apply

// How long a typical tenant takes, in seconds. SAP publishes the rates of membership and role changes
// (script 1103); the others are what an ordinary request takes.
const (
	readTime   = 0.15
	pageTime   = 0.1
	rowTime    = 0.003
	createTime = 0.35
	updateTime = 0.5
	deleteTime = 0.2
	writeTime  = 0.3 // of a team, apart from what changes
	bulkTime   = 0.3
	bulkShare  = 0.6 // of the time that its operations would take one by one

	memberRate      = 38.0 // membership changes a second in a small team
	memberRateSlope = 0.0008
	memberRateFloor = 8.0
	roleRate        = 46.0 // members times roles a second
)

func readSeconds(people int) float64 { return pageTime + rowTime*float64(people) }

// batchSeconds is the time of a batch that takes so many requests: one for all is a Bulk.
func batchSeconds(people, calls int, each float64) float64 {
	if people > 1 && calls == 1 {
		return bulkTime + bulkShare*each*float64(people)
	}
	return each * float64(max(people, calls))
}

func createSeconds(people, calls int) float64 { return batchSeconds(people, calls, createTime) }

func deleteSeconds(people int) float64 { return batchSeconds(people, 1, deleteTime) }

// updateSeconds counts the readings before and after, and the Bulks between them side by side.
func updateSeconds(people, calls int) float64 {
	bulks := max(calls-2, 1)
	if calls >= people {
		return updateTime * float64(people)
	}
	return 2*readSeconds(people) + batchSeconds(parts(people, bulks), 1, updateTime)
}

// teamSeconds is the time of one write to a team of size members.
func teamSeconds(size, members, roles, calls int) float64 {
	rate := max(memberRateFloor, memberRate-memberRateSlope*float64(size))
	return writeTime + float64(calls-1)*readTime + float64(members)/rate + float64(roles*size)/roleRate
}
