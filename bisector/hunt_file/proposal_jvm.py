"""Detects Java projects, and proposes how Maven or Gradle builds and tests them."""

from __future__ import annotations

from bisector.hunt_file.proposal_tree import NETWORK, Found, Tree

_VARIABLES = ("JAVA_HOME", "JAVA_TOOL_OPTIONS", *NETWORK)


def maven(tree: Tree) -> Found | None:
    """Java: pom.xml at the top."""
    if not tree.has("pom.xml"):
        return None
    program = "./mvnw" if tree.has("mvnw") else "mvn"
    return Found(
        "maven",
        "pom.xml",
        test=f"{program} -q -B test",
        no_setup="Maven downloads to a cache that all commits share (~/.m2/repository).",
        build=f"{program} -q -B test-compile",
        identity="java -version 2>&1",
        build_notes=("With the tests, so that a commit that does not compile is untestable, not bad.",),
        test_notes=(f"One test: {program} -q -B test -Dtest=NAME.",),
        variables=("MAVEN_OPTS", "MAVEN_ARGS", *_VARIABLES),
    )


def gradle(tree: Tree) -> Found | None:
    """Java, Kotlin and others: a Gradle build at the top."""
    known = ("build.gradle", "build.gradle.kts", "settings.gradle", "settings.gradle.kts")
    script = next((name for name in known if tree.has(name)), None)
    if script is None:
        return None
    program = "./gradlew" if tree.has("gradlew") else "gradle"
    return Found(
        "gradle",
        script,
        test=f"{program} -q --no-daemon --no-build-cache cleanTest test",
        no_setup="Gradle downloads to a cache that all commits share (GRADLE_USER_HOME, else ~/.gradle).",
        build=f"{program} -q --no-daemon testClasses",
        identity="java -version 2>&1",
        build_notes=("With the tests, so that a commit that does not compile is untestable, not bad.",),
        test_notes=(
            "cleanTest: also runs tests whose result Gradle remembers.",
            f"One test: {program} -q --no-daemon cleanTest test --tests NAME.",
        ),
        variables=("GRADLE_USER_HOME", "GRADLE_OPTS", *_VARIABLES),
    )
