# frozen_string_literal: true

module Releases
  class VersionError < StandardError; end

  # A semantic version such as "1.4.0-rc.2+build.7".
  class Version
    include Comparable

    NUMBER = /0|[1-9]\d*/
    PATTERN = /\Av?(#{NUMBER})\.(#{NUMBER})\.(#{NUMBER})(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?\z/

    attr_reader :major, :minor, :patch, :prerelease, :build

    # Raises VersionError for a text that is no version; a leading "v" is allowed.
    def self.parse(text)
      match = PATTERN.match(text)
      raise VersionError, "not a version: #{text}" unless match

      prerelease = identifiers(match[4], text)
      build = identifiers(match[5], text)
      new(match[1].to_i, match[2].to_i, match[3].to_i, prerelease: prerelease, build: build)
    end

    # The parts between the dots; nil gives none.
    def self.identifiers(part, text)
      list = part.to_s.split('.', -1)
      raise VersionError, "empty identifier: #{text}" if list.include?('')

      list
    end
    private_class_method :identifiers

    def initialize(major, minor, patch, prerelease: [], build: [])
      @major = major
      @minor = minor
      @patch = patch
      @prerelease = prerelease
      @build = build
    end

    def prerelease?
      prerelease.any?
    end

    # Precedence by the rules of semantic versioning; the build does not count.
    def <=>(other)
      numbers = core <=> other.core
      return numbers unless numbers.zero?
      return other.prerelease.length <=> prerelease.length unless prerelease? && other.prerelease?

      compare_prereleases(other)
    end

    # The next version of a kind: :major, :minor, :patch or :prerelease.
    #
    # A prerelease is finished rather than passed over: after 2.0.0-rc.1 the next major version
    # is 2.0.0.
    def bump(kind)
      case kind
      when :major then major_done? ? Version.new(major, 0, 0) : Version.new(major + 1, 0, 0)
      when :minor then minor_done? ? Version.new(major, minor, 0) : Version.new(major, minor + 1, 0)
      when :patch then Version.new(major, minor, prerelease? ? patch : patch + 1)
      when :prerelease then next_prerelease
      else raise ArgumentError, "cannot bump #{kind}"
      end
    end

    # Whether code written for `other` works with this version.
    def compatible_with?(other)
      return false if self < other

      major.zero? ? core.first(2) == other.core.first(2) : major == other.major
    end

    def to_s
      text = core.join('.')
      text += "-#{prerelease.join('.')}" if prerelease?
      text += "+#{build.join('.')}" if build.any?
      text
    end

    def core
      [major, minor, patch]
    end

    private

    def major_done?
      prerelease? && minor.zero? && patch.zero?
    end

    def minor_done?
      prerelease? && patch.zero?
    end

    # Counts up the last number of a prerelease, or begins with "rc.1" for the next patch.
    def next_prerelease
      return Version.new(major, minor, patch + 1, prerelease: %w[rc 1]) unless prerelease?

      *rest, last = prerelease
      following = last.match?(/\A\d+\z/) ? [*rest, last.succ] : [*prerelease, '1']
      Version.new(major, minor, patch, prerelease: following)
    end

    def compare_prereleases(other)
      prerelease.zip(other.prerelease) do |mine, theirs|
        return 1 if theirs.nil?

        order = sort_key(mine) <=> sort_key(theirs)
        return order unless order.zero?
      end
      prerelease.length <=> other.prerelease.length
    end

    # Numbers come before text and are compared as numbers.
    def sort_key(identifier)
      identifier.match?(/\A\d+\z/) ? [0, identifier.to_i, ''] : [1, 0, identifier]
    end
  end

  # The newest version in a list of tag names; tags that are no versions are ignored.
  def self.latest(tags, prereleases: false)
    versions = tags.filter_map do |tag|
      Version.parse(tag)
    rescue VersionError
      nil
    end
    versions.reject { |version| version.prerelease? && !prereleases }.max
  end
end
